import type { ConverseStreamCommandInput, InvokeModelCommandInput } from '@aws-sdk/client-bedrock-runtime';
import type { Model } from '../../core/model.js';
import type { RoutedRequest } from '../../core/request.js';
import { familyOf } from './families.js';
import type { ModelFamily, NativeFeature } from './model-family.js';

/** When a model is asked in its own format: never, only where Converse cannot do it, or whenever the format can. */
export const nativeModes = ['never', 'fallback', 'always'] as const;
export type NativeMode = (typeof nativeModes)[number];

function featuresOf(request: RoutedRequest): ReadonlySet<NativeFeature> {
  const features = new Set<NativeFeature>();
  if (request.tools && request.tool_choice !== 'none') features.add('tools');
  for (const { content } of request.messages) {
    if (typeof content === 'string') continue;
    for (const { type } of content) if (type === 'image' || type === 'document') features.add(type);
  }
  return features;
}

/** The family to ask natively; undefined: the request goes through Converse. */
export function nativeFamily(
  request: RoutedRequest,
  model: Model | undefined,
  mode: NativeMode,
): ModelFamily | undefined {
  if (!model || mode === 'never') return undefined;
  const family = familyOf(model);
  if (!family || [...featuresOf(request)].some((feature) => !family.takes.has(feature))) return undefined;
  return mode === 'always' || !model.converse || converseLacks(request, family) ? family : undefined;
}

/** What these families take in their own body and Converse has no place for. */
const beyondConverse: Readonly<Record<string, readonly (keyof RoutedRequest)[]>> = {
  'mistral-text': ['top_k'],
  'cohere-command': ['top_k'],
  'command-r': ['top_k'],
};

function converseLacks(request: RoutedRequest, { id }: ModelFamily): boolean {
  return (beyondConverse[id] ?? []).some((argument) => request[argument] !== undefined);
}

/** What was made for Converse as a call of InvokeModel. */
export function invokeInput(
  family: ModelFamily,
  input: ConverseStreamCommandInput,
  model: string,
  streaming: boolean,
): InvokeModelCommandInput {
  const { modelId, guardrailConfig, performanceConfig, serviceTier, requestMetadata } = input;
  const body = JSON.stringify(family.encode({ ...input, model, streaming }));
  return {
    modelId,
    body: new TextEncoder().encode(body),
    contentType: 'application/json',
    accept: 'application/json',
    ...(guardrailConfig && {
      guardrailIdentifier: guardrailConfig.guardrailIdentifier,
      guardrailVersion: guardrailConfig.guardrailVersion,
      ...(guardrailConfig.trace === 'enabled' && { trace: 'ENABLED' as const }),
    }),
    ...(performanceConfig && { performanceConfigLatency: performanceConfig.latency }),
    ...(serviceTier && { serviceTier: serviceTier.type }),
    ...(requestMetadata && { requestMetadata: JSON.stringify(requestMetadata) }),
  };
}
