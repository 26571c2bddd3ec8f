import { type BudgetSubject, type BudgetUse, tagsWithGroups, useOf } from '../core/budget.js';
import type { Clock } from '../core/clock.js';
import { ServiceError } from '../core/errors.js';
import type { AttemptSummary, CallEvent } from '../core/events.js';
import type { LedgerRow } from '../core/ledger.js';
import type { CallContext } from '../core/pipeline.js';
import type { ModelDirectory, PriceBook } from '../core/ports.js';
import type { RoutedRequest } from '../core/request.js';
import type { AnswerSource, Cost } from '../core/response.js';
import type { ModelId } from '../core/target.js';
import { attemptIntent, attemptRow, type PlannedAttempt, providerOf, sumCosts } from './attempt-rows.js';
import type { BudgetKeeper } from './budgets/budget-keeper.js';
import type { CallTally } from './call-tally.js';
import type { RetryingLedger } from './ledgers/retrying-ledger.js';

/** A hold must end by itself one day, even for a call without a deadline; one that lasts longer is kept alive. */
const longestLeaseMs = 600_000;

/** The money side of one candidate: one hold for each attempt, taken before it is sent and settled when it ends. */
export interface CandidateAccount {
  /** Sets the worst case of one more attempt aside. @throws ServiceError budget_exceeded when it does not fit. */
  cover(): Promise<void>;
  /** True when the next attempt needs nothing more set aside. */
  isCovered(): boolean;
  /** Follows the attempts through their events. */
  note(event: CallEvent): void;
  /** Resolves when all that has ended is booked and what was not needed is let go; again to the same. */
  close(): Promise<Booked>;
}

interface Booked {
  readonly cost: Cost;
  readonly notices: readonly string[];
}

export interface AccountOptions {
  readonly ledger: RetryingLedger;
  readonly keeper: Pick<BudgetKeeper, 'hold' | 'settle' | 'release'>;
  readonly prices: PriceBook;
  readonly directory: Pick<ModelDirectory, 'find'>;
  readonly clock: Clock;
  /** How long a hold outlives the deadline of its call. */
  readonly holdGraceMs: number;
  readonly source: Extract<AnswerSource, 'bedrock' | 'sandbox'>;
}

export interface AccountParts {
  readonly request: RoutedRequest;
  readonly context: CallContext;
  readonly subject: BudgetSubject;
  readonly worst: BudgetUse;
  readonly tally: CallTally;
}

interface AttemptHold {
  readonly id: string;
  readonly atMs: number;
}

export function openAccount(options: AccountOptions, parts: AccountParts): CandidateAccount {
  const { context, worst, tally } = parts;
  const holds = createHolds(options, parts);
  const books = createBooks(options, parts);
  const underWay = new Map<number, AttemptHold>();
  let covered = 0;
  let total: Cost | undefined;

  // The first hold is taken before the candidate is asked at all, and is the first attempt's.
  const isCovered = (): boolean => covered === 1 && holds.ready.length === 1;
  const ended = (attempt: AttemptSummary): void => {
    const hold = underWay.get(attempt.number) ?? holds.ready.shift();
    underWay.delete(attempt.number);
    if (hold) tally.held -= worst.cost;
    const rows = books.book(hold ?? newHold(options, parts), attempt);
    // An attempt that outlived its cancelled call: its answer is lost but its cost is not.
    if (total && rows.length > 0) tellCost(parts, rows);
  };
  return {
    isCovered,
    cover: async () => {
      const needed = !isCovered();
      covered += 1;
      if (needed) await holds.take();
    },
    note: (event) => {
      if (event.type === 'attempt-started') {
        const hold = holds.ready.shift();
        if (hold) underWay.set(event.number, hold);
      }
      if (event.type === 'attempt-ended') ended(event);
    },
    close: async () => {
      const unused = holds.ready.splice(0);
      tally.held -= unused.length * worst.cost;
      for (const { id } of unused) books.release(id);
      const rows = await books.done();
      // A candidate that was refused held nothing, so there is nothing to tell.
      if (!total && holds.wereTaken()) total = tellCost(parts, rows);
      return { cost: total ?? sumCosts(rows), notices: holds.notices() };
    },
  };

  function tellCost({ request }: AccountParts, rows: readonly LedgerRow[]): Cost {
    const cost = sumCosts(rows);
    context.record({ type: 'cost-settled', target: request.target, cost });
    return cost;
  }
}

const newHold = ({ clock }: AccountOptions, { tally, context }: AccountParts): AttemptHold => ({
  id: tally.nextId(context.requestId),
  atMs: clock.nowMs(),
});

/** The holds that are taken and whose attempts have not begun. */
function createHolds(options: AccountOptions, parts: AccountParts) {
  const { request, context, subject, worst: use, tally } = parts;
  const ready: AttemptHold[] = [];
  const notices = new Set<string>();
  let taken = false;
  const begin = async (hold: AttemptHold, leaseMs: number): Promise<void> => {
    const planned = planOf(options, parts, hold, request.target.model);
    const intent = attemptIntent(planned, request.target, use, request.max_tokens, hold.atMs + leaseMs);
    try {
      await options.ledger.begin(intent);
    } catch (error) {
      await options.keeper.release(hold.id);
      throw error;
    }
  };
  return {
    ready,
    wereTaken: () => taken,
    notices: () => [...notices],
    take: async (): Promise<void> => {
      const hold = newHold(options, parts);
      const { signal } = context;
      tally.held += use.cost;
      const leaseMs = leaseOf(options, context);
      try {
        const told = await options.keeper.hold({ ...hold, subject, use, leaseMs, signal });
        for (const notice of told) notices.add(notice);
        await begin(hold, leaseMs);
      } catch (error) {
        tally.held -= use.cost;
        throw error instanceof ServiceError ? withTarget(error, request) : error;
      }
      taken = true;
      ready.push(hold);
      context.record({ type: 'cost-reserved', target: request.target, amount: use.cost });
    },
  };
}

function planOf(
  { directory, source }: AccountOptions,
  { request, context: { requestId }, subject }: AccountParts,
  { id: attemptId, atMs }: AttemptHold,
  model: ModelId,
): PlannedAttempt {
  return { attemptId, request, requestId, subject, source, atMs, provider: directory.find(model)?.provider };
}

/** Writes what attempts used into the ledger and, once it is there, into the budgets. */
function createBooks(options: AccountOptions, parts: AccountParts) {
  const { ledger, keeper, prices } = options;
  const { subject, tally } = parts;
  const rows: LedgerRow[] = [];
  const underWay = new Set<Promise<void>>();
  const track = (work: Promise<void>): void => {
    const tracked = work.finally(() => underWay.delete(tracked));
    underWay.add(tracked);
  };
  const write = async (row: LedgerRow): Promise<void> => {
    const { attemptId, model, provider, cost, usage, atMs } = row;
    await ledger.settle(attemptId, [row]);
    await keeper.settle(attemptId, { ...subject, model, provider }, useOf(cost.nanoUsd, usage), atMs);
  };
  const release = async (id: string): Promise<void> => {
    await Promise.all([ledger.settle(id, []), keeper.release(id)]);
  };
  return {
    book: (hold: AttemptHold, attempt: AttemptSummary): readonly LedgerRow[] => {
      const planned = planOf(options, parts, hold, attempt.target.model);
      const row = attemptRow(prices, { ...planned, attempt, firstOfCall: tally.isFirstRow });
      track(row ? write(row) : release(hold.id));
      if (!row) return [];
      rows.push(row);
      tally.spent += row.cost.nanoUsd;
      return [row];
    },
    release: (id: string): void => track(release(id)),
    done: async (): Promise<readonly LedgerRow[]> => {
      await Promise.all(underWay);
      return rows;
    },
  };
}

export function subjectOf(
  directory: Pick<ModelDirectory, 'find'>,
  { target, tags }: RoutedRequest,
  { caller, sessionId }: Pick<CallContext, 'caller'> & { readonly sessionId?: string | undefined },
): BudgetSubject {
  const provider = directory.find(target.model)?.provider ?? providerOf(target.model);
  const session = sessionId === undefined ? {} : { session: sessionId };
  const own = caller.budget === undefined ? {} : { own: caller.budget };
  const facts = { caller: caller.id, model: target.model, provider, tags: tagsWithGroups(tags, caller.groups) };
  return { ...facts, ...session, ...own };
}

function leaseOf({ clock, holdGraceMs }: AccountOptions, { deadlineMs }: CallContext): number {
  const remainingMs = Math.max(0, deadlineMs - clock.monotonicMs());
  return Math.ceil(Math.min(remainingMs + holdGraceMs, longestLeaseMs));
}

function withTarget(error: ServiceError, { target }: RoutedRequest): ServiceError {
  if (error.category !== 'budget_exceeded') return error;
  const { message, remedy, reason, retryAfterMs, cause } = error;
  return new ServiceError('budget_exceeded', message, {
    target,
    remedy,
    cause,
    ...(reason && { reason }),
    ...(retryAfterMs !== undefined && { retryAfterMs }),
  });
}
