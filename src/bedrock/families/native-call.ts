import type { ConverseStreamCommandInput, InvokeModelCommandInput } from '@aws-sdk/client-bedrock-runtime';
import type { ModelFamily } from './model-family.js';

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
