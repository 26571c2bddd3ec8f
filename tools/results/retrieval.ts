import { z } from 'zod';
import { ServiceError } from '../../src/core/errors.js';
import type { BedrockIntegrationService, Invocation, Retrieval } from '../../src/core/integration-service.js';
import { answerSources } from '../../src/core/response.js';
import { toUsd } from './money.js';
import { targetResult, toTargetResult } from './target.js';
import { toUsageResult, usageResult } from './usage.js';

/** What every answer of a retrieval tool tells about itself. */
export const callResult = targetResult.extend({
  usage: usageResult,
  cost_usd: z.number(),
  latency_ms: z.number(),
  source: z.enum(answerSources),
  request_id: z.string(),
});

export function toCallResult({ response, record }: Invocation): z.input<typeof callResult> {
  return {
    ...toTargetResult(response.served),
    usage: toUsageResult(response.usage),
    cost_usd: toUsd(record.cost.nanoUsd),
    latency_ms: Math.round(record.latencyMs ?? 0),
    source: response.source,
    request_id: record.requestId,
  };
}

export function retrievalOf({ retrieval }: BedrockIntegrationService): Retrieval {
  if (retrieval) return retrieval;
  throw new ServiceError('internal', 'This server was made without retrieval models.', { reason: 'not_supported' });
}

/** Said in words too, because a client may show nothing but the text. */
export const sandboxRemark = ({ response }: Invocation): string =>
  response.source === 'sandbox' ? ' SANDBOX: made by the stand-in, not by a model.' : '';
