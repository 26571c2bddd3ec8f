import type { BudgetSubject, BudgetUse } from '../core/budget.js';
import type { Clock } from '../core/clock.js';
import type { EventOrigin, EventSubscriber } from '../core/events.js';
import type { Budget } from '../core/integration-service.js';
import type { LedgerRow } from '../core/ledger.js';
import type { Logger, ModelDirectory } from '../core/ports.js';
import { type ModelResponse, type NanoUsd, noUsage } from '../core/response.js';
import { providerOf } from './attempt-rows.js';
import type { BudgetList } from './budgets/budget-list.js';
import { createHitBook } from './hit-book.js';
import type { RetryingLedger } from './ledgers/retrying-ledger.js';

/** Calls that had a cache hit and have not ended yet; far more than can be in flight. */
const rememberedHits = 10_000;

export interface CostMonitorOptions {
  readonly ledger: RetryingLedger;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly directory: ModelDirectory;
  readonly budgets: BudgetList;
}

/** Tells what was spent and what is left, and books the calls that the cache answered. */
export interface CostMonitor extends EventSubscriber {
  budgets(): Promise<readonly Budget[]>;
  /** True when every hard budget that concerns the subject has room for the use. */
  fits(subject: BudgetSubject, use: BudgetUse): Promise<boolean>;
  /** Books what was not booked yet. */
  close(): Promise<void>;
}

export function createCostMonitor(options: CostMonitorOptions): CostMonitor {
  const { budgets, directory } = options;
  const hits = new Map<string, NanoUsd>();
  const book = createHitBook(options);

  const bookHit = (saved: NanoUsd, response: ModelResponse, latencyMs: number, origin: EventOrigin): void => {
    const provider = directory.find(response.served.model)?.provider ?? providerOf(response.served.model);
    book.add(cacheRow({ saved, response, latencyMs, origin, provider }));
  };

  return {
    budgets: budgets.all,
    fits: budgets.fits,
    close: book.flush,
    // The hit is booked when the call ends: only then it is known which model's answer was served and how fast.
    onCallEvent: (event, origin) => {
      if (event.type === 'cache-hit') remember(hits, origin.requestId, event.saved);
      if (event.type !== 'call-succeeded' && event.type !== 'call-failed') return;
      const saved = hits.get(origin.requestId);
      hits.delete(origin.requestId);
      if (event.type === 'call-succeeded' && saved !== undefined) {
        bookHit(saved, event.response, event.latencyMs, origin);
      }
    },
  };
}

function remember(hits: Map<string, NanoUsd>, requestId: string, saved: NanoUsd): void {
  const [oldest] = hits.keys();
  if (hits.size >= rememberedHits && oldest !== undefined) hits.delete(oldest);
  hits.set(requestId, saved);
}

interface CacheHit {
  readonly saved: NanoUsd;
  readonly response: ModelResponse;
  readonly latencyMs: number;
  readonly origin: EventOrigin;
  readonly provider: string;
}

function cacheRow({ saved, response: { served }, latencyMs, origin, provider }: CacheHit): LedgerRow {
  return {
    attemptId: `${origin.requestId}/cache`,
    requestId: origin.requestId,
    atMs: origin.atMs,
    caller: origin.caller,
    model: served.model,
    provider,
    region: served.region,
    ...(served.profile === undefined ? {} : { profile: served.profile }),
    source: 'cache',
    firstOfCall: true,
    outcome: 'succeeded',
    usage: noUsage,
    cost: { nanoUsd: 0, estimated: false },
    saved,
    latencyMs,
    tags: {},
  };
}
