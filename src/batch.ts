import type { Batch, BatchOptions, BatchOutcome } from './core/batch.js';
import { ServiceError, toServiceError } from './core/errors.js';
import type { BedrockIntegrationService } from './core/integration-service.js';

/** Calls of many requests over `invoke`: as many at once as allowed, the outcomes in the order of the requests. */
export function createBatch(invoke: BedrockIntegrationService['invoke']): BedrockIntegrationService['batch'] {
  return async (batch, options) => {
    const { requests, concurrency, stopOnError } = batch;
    const outcomes = requests.map(notBegun);
    let next = 0;
    let ended = 0;
    let stopped = false;

    async function work(): Promise<void> {
      while (next < requests.length && !stopped && !options.signal.aborted) {
        const index = next;
        next += 1;
        const outcome = await runOne(invoke, requests[index] as Batch['requests'][number], options);
        outcomes[index] = outcome;
        ended += 1;
        stopped ||= stopOnError && !outcome.ok;
        options.onOutcome?.(outcome, ended);
      }
    }

    await Promise.all(Array.from({ length: Math.min(concurrency, requests.length) }, work));
    return outcomes;
  };
}

async function runOne(
  invoke: BedrockIntegrationService['invoke'],
  request: Batch['requests'][number],
  { onOutcome: _, ...options }: BatchOptions,
): Promise<BatchOutcome> {
  try {
    return { ok: true, invocation: await invoke(request, { priority: 'batch', ...options }) };
  } catch (thrown) {
    return { ok: false, error: toServiceError(thrown) };
  }
}

const notBegun = (): BatchOutcome => ({
  ok: false,
  error: new ServiceError('cancelled', 'The request was not begun: the batch had stopped before.', {
    remedy: 'Send it again once the failure that stopped the batch is mended.',
  }),
});
