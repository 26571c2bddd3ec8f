import { type Clock, type Random, systemRandom } from '../core/clock.js';
import { ServiceError } from '../core/errors.js';
import type { CallEvent } from '../core/events.js';
import type { CallContext, Stage } from '../core/pipeline.js';
import type { BudgetWindow, Hold, LedgerRow, Logger, ModelDirectory, PriceBook } from '../core/ports.js';
import type { RoutedRequest } from '../core/request.js';
import type { AnswerSource, Cost, NanoUsd } from '../core/response.js';
import { createAttemptCover } from './attempt-cover.js';
import { type AttemptBooking, attemptRow, sumCosts } from './attempt-rows.js';
import { dayWindow } from './day-window.js';
import type { RetryingLedger } from './ledgers/retrying-ledger.js';
import { formatUsd, nanoFromUsd } from './money.js';
import { worstCaseCost } from './worst-case.js';

/** A hold must end by itself one day, even for a call without a deadline. */
const longestHoldMs = 3_600_000;

export interface BudgetStageOptions {
  readonly ledger: RetryingLedger;
  readonly prices: PriceBook;
  readonly directory: ModelDirectory;
  readonly clock: Clock;
  readonly random?: Random;
  readonly logger: Logger;
  /** Undefined: spending is counted but not limited. */
  readonly dailyLimit?: NanoUsd;
  /** How long a hold outlives the deadline of its call. */
  readonly holdGraceMs: number;
  /** Prompts may be kept for an hour, which is the dearest way to write them. */
  readonly cachesForAnHour?: boolean;
  readonly source: Extract<AnswerSource, 'bedrock' | 'sandbox'>;
}

/**
 * Sets the worst case of a candidate aside before it is called, more of it before each attempt that could cost more than
 * that, and books what its attempts truly used before the answer, or the error, leaves.
 * Throws budget_exceeded when the worst case does not fit.
 */
export function createBudgetStage(options: BudgetStageOptions): Stage<RoutedRequest> {
  const { prices } = options;
  /** What each call has cost over the candidates before this one. */
  const spent = new WeakMap<CallContext['attempts'], NanoUsd>();
  return (next) => async (request, context) => {
    const worst = worstCaseCost(prices, request, options.cachesForAnHour);
    const before = spent.get(context.attempts) ?? 0;
    const holds: Hold[] = [];
    const setAside = async (amount: NanoUsd, total: NanoUsd) => {
      refuseAboveCallLimit(request, before + total);
      holds.push(await reserve(options, request, context, amount));
      context.record({ type: 'cost-reserved', target: request.target, amount });
    };
    await setAside(worst, worst);
    const cover = createAttemptCover({ worst, prices, setAside });
    const books = openBooks(options, request, context, holds);
    const record = (event: CallEvent) => {
      books.record(event);
      cover.note(event);
    };
    const settle = async () => {
      const cost = await books.settle();
      spent.set(context.attempts, (spent.get(context.attempts) ?? 0) + cost.nanoUsd);
      return cost;
    };
    try {
      const response = await next(request, { ...context, record, coverAttempt: cover.take });
      return { ...response, cost: await settle() };
    } catch (error) {
      await settle();
      throw error;
    }
  };
}

function refuseAboveCallLimit(request: RoutedRequest, total: NanoUsd): void {
  const limit = request.max_cost_usd;
  if (limit === undefined || total <= nanoFromUsd(limit)) return;
  const message = `The call could cost up to ${formatUsd(total)}; max_cost_usd allows ${formatUsd(nanoFromUsd(limit))}.`;
  throw new ServiceError('budget_exceeded', message, {
    target: request.target,
    remedy: 'Raise max_cost_usd, lower max_tokens, shorten the input, or pick a cheaper model.',
  });
}

async function reserve(
  { ledger, clock, random = systemRandom, logger, dailyLimit, holdGraceMs }: BudgetStageOptions,
  request: RoutedRequest,
  context: CallContext,
  amount: NanoUsd,
): Promise<Hold> {
  const nowMs = clock.nowMs();
  const remainingMs = Math.max(0, Math.min(context.deadlineMs - clock.monotonicMs(), longestHoldMs));
  const hold = {
    id: `${context.requestId}/${random.id()}`,
    amount,
    expiresAtMs: Math.ceil(nowMs + remainingMs + holdGraceMs),
  };
  const window = dayWindow(nowMs, dailyLimit);
  try {
    const outcome = await ledger.reserve(hold, window);
    if (outcome.admitted) return hold;
    throw dailyLimitError(request, amount, window, outcome.spent + outcome.reserved, nowMs);
  } catch (error) {
    // A limit that cannot be checked must refuse; without one the hold is only a number in a report.
    if (dailyLimit !== undefined) throw error;
    logger.warn('The cost of a call could not be set aside; no limit is set, so the call goes on.', { error });
    return hold;
  }
}

function dailyLimitError(
  request: RoutedRequest,
  amount: NanoUsd,
  { limit = 0, toMs }: BudgetWindow,
  taken: NanoUsd,
  nowMs: number,
): ServiceError {
  const left = formatUsd(Math.max(0, limit - taken));
  const resets = new Date(toMs).toISOString();
  const message = `The call could cost up to ${formatUsd(amount)}; ${left} of today's ${formatUsd(limit)} is left until ${resets}.`;
  return new ServiceError('budget_exceeded', message, { target: request.target, retryAfterMs: toMs - nowMs });
}

interface Books {
  readonly record: (event: CallEvent) => void;
  /** Books every attempt that used something and lets the hold go. */
  settle(): Promise<Cost>;
}

/** `holds`: the first one takes the rows; there is one from the start, others may join it. */
function openBooks(
  options: BudgetStageOptions,
  request: RoutedRequest,
  context: CallContext,
  holds: readonly Hold[],
): Books {
  const { ledger, prices, directory, clock, source } = options;
  const rows: LedgerRow[] = [];
  const holdId = holds[0]?.id ?? context.requestId;
  let settled = false;

  const bookingOf = (attempt: AttemptBooking['attempt']): AttemptBooking => ({
    attempt,
    request,
    requestId: context.requestId,
    caller: context.caller.id,
    source,
    atMs: clock.nowMs(),
    provider: directory.find(attempt.target.model)?.provider,
  });
  const book = (booked: readonly LedgerRow[]): Cost => {
    const cost = sumCosts(booked);
    context.record({ type: 'cost-settled', target: request.target, cost });
    return cost;
  };

  return {
    record: (event) => {
      context.record(event);
      if (event.type !== 'attempt-ended') return;
      const row = attemptRow(prices, bookingOf(event));
      if (!row) return;
      if (!settled) {
        rows.push(row);
        return;
      }
      // An attempt that outlived its cancelled call: its answer is lost but its cost is not.
      book([row]);
      void ledger.settle(holdId, [row]);
    },
    settle: async () => {
      settled = true;
      await ledger.settle(holdId, rows);
      for (const { id } of holds.slice(1)) await ledger.settle(id, []);
      return book(rows);
    },
  };
}
