import type { ConverseStreamCommandInput } from '@aws-sdk/client-bedrock-runtime';
import type { Model } from '../core/model.js';
import type { RoutedRequest } from '../core/request.js';

type ServiceInput = Pick<
  ConverseStreamCommandInput,
  'serviceTier' | 'performanceConfig' | 'requestMetadata' | 'additionalModelResponseFieldPaths'
>;

export interface ServiceFields {
  readonly input: ServiceInput;
  readonly notices: readonly string[];
}

/** Bedrock takes no more pairs of metadata. */
const mostPairs = 16;

/** What the service looks at, and no model: tier, hardware, labels for its invocation log, what it is to hand back. */
export function serviceFields(request: RoutedRequest, model: Model | undefined): ServiceFields {
  const { service_tier: tier, latency, additional_model_response_field_paths: paths } = request;
  // A model that can has a price for it; of one that is not in the catalogue nobody knows.
  const isRefused =
    latency === 'optimized' && model !== undefined && typeof model.price.latencyOptimizedInput !== 'number';
  const metadata = metadataOf(request);
  return {
    input: {
      ...(tier !== undefined && { serviceTier: { type: tier } }),
      ...(latency !== undefined && !isRefused && { performanceConfig: { latency } }),
      ...(metadata.length > 0 && { requestMetadata: Object.fromEntries(metadata) }),
      ...(paths !== undefined && { additionalModelResponseFieldPaths: paths }),
    },
    notices: isRefused ? [`\`latency\` was left out: ${request.target.model} has no optimized latency.`] : [],
  };
}

/** The tags as well, in letters that the log takes, as far as there is room beside what is meant for it alone. */
function metadataOf({
  request_metadata: given = {},
  tags = {},
}: RoutedRequest): readonly (readonly [string, string])[] {
  const own = Object.entries(given);
  const labels = Object.entries(tags)
    .filter(([name]) => !Object.hasOwn(given, name))
    .map(([name, value]) => [name, value.replace(/[^\w\s:@$#=/+,.-]/g, '_')] as const);
  return [...own, ...labels].slice(0, mostPairs);
}
