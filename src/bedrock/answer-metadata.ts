import type { ConverseStreamMetadataEvent } from '@aws-sdk/client-bedrock-runtime';
import type { RoutedRequest } from '../core/request.js';
import type { Usage } from '../core/response.js';
import { modelId, profileId, type Target } from '../core/target.js';
import { checkUsage, type TokenEstimate } from './token-usage.js';

/** What the last event of an answer says about how it was made. */
export interface AnswerFacts {
  readonly usage: Usage;
  /** The model that truly answered, which a prompt router chooses. */
  readonly served: Target;
  readonly notices: readonly string[];
}

const suspectUsage = 'Bedrock reported token counts that cannot be right; they were estimated.';
const wrongTotal = 'Bedrock reported a total of tokens that is not the sum of its parts; the parts were taken.';

export function answerFacts(
  metadata: Partial<ConverseStreamMetadataEvent>,
  request: RoutedRequest,
  estimate: () => TokenEstimate,
): AnswerFacts {
  const { usage, suspect, mismatch } = checkUsage(metadata.usage, estimate);
  const tier = metadata.serviceTier?.type;
  const asked = request.service_tier ?? 'default';
  const way = wayServed(metadata);
  const isSlower = metadata.performanceConfig?.latency === 'standard' && request.latency === 'optimized';
  const served = servedBy(metadata.trace?.promptRouter?.invokedModelId, request.target);
  return {
    usage: way === undefined ? usage : { ...usage, serviceTier: way },
    served,
    notices: [
      ...(suspect ? [suspectUsage] : []),
      ...(mismatch ? [wrongTotal] : []),
      ...(tier !== undefined && tier !== asked ? [`Served in the tier ${word(tier)}, not ${asked}.`] : []),
      ...(isSlower ? ['Served with standard latency, not optimized.'] : []),
      ...(served === request.target ? [] : [`The prompt router chose ${served.model}.`]),
    ],
  };
}

/** What has a price of its own; undefined for the default way. */
function wayServed({ serviceTier, performanceConfig }: Partial<ConverseStreamMetadataEvent>): string | undefined {
  if (serviceTier?.type !== undefined && serviceTier.type !== 'default') return serviceTier.type;
  return performanceConfig?.latency === 'optimized' ? 'optimized' : undefined;
}

const word = (value: string): string => value.replace(/[^\w.:-]/g, '').slice(0, 64);

/** An id or ARN of a model or of a profile of it. */
function servedBy(invoked: string | undefined, target: Target): Target {
  const id = word(invoked?.split('/').at(-1) ?? '');
  if (id === '' || id === target.model || id === target.profile) return target;
  const geography = /^(?:us|us-gov|eu|apac|jp|au|in|ca|global)\.(?=[a-z0-9]+\.)/.exec(id)?.[0];
  if (geography === undefined) return { model: modelId(id), region: target.region };
  return { model: modelId(id.slice(geography.length)), region: target.region, profile: profileId(id) };
}
