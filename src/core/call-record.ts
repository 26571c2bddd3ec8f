import type { AttemptSummary, CacheHit, CallEvent, FailureSummary } from './events.js';
import type { Cost } from './response.js';
import type { RoutingDecision } from './routing.js';

/** The life of one call, folded from its events: what the tool result and the call log tell of it. */
export interface CallRecord {
  readonly requestId: string;
  readonly attempts: readonly AttemptSummary[];
  readonly decision?: RoutingDecision;
  readonly cacheHit?: CacheHit;
  /** Over all attempts, the failed ones too. */
  readonly cost: Cost;
  readonly failure?: FailureSummary;
  readonly latencyMs?: number;
}

export function newCallRecord(requestId: string): CallRecord {
  return { requestId, attempts: [], cost: { nanoUsd: 0, estimated: false } };
}

export function foldEvent(record: CallRecord, event: CallEvent): CallRecord {
  switch (event.type) {
    case 'route-decided':
      return { ...record, decision: event.decision };
    case 'cache-hit': {
      const { type: _, ...cacheHit } = event;
      return { ...record, cacheHit };
    }
    case 'attempt-ended': {
      const { type: _, ...attempt } = event;
      return { ...record, attempts: [...record.attempts, attempt] };
    }
    case 'cost-settled':
      return { ...record, cost: addCost(record.cost, event.cost) };
    case 'call-succeeded':
      return { ...record, latencyMs: event.latencyMs };
    case 'call-failed':
      return { ...record, latencyMs: event.latencyMs, failure: event.failure };
    default:
      return record;
  }
}

function addCost(left: Cost, right: Cost): Cost {
  return { nanoUsd: left.nanoUsd + right.nanoUsd, estimated: left.estimated || right.estimated };
}
