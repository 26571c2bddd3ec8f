import type { BudgetSubject } from '../core/budget.js';
import type { AttemptSummary } from '../core/events.js';
import type { LedgerRow, PriceBook } from '../core/ports.js';
import type { RoutedRequest } from '../core/request.js';
import type { AnswerSource, Cost } from '../core/response.js';

/** What is known of an attempt when it is booked. */
export interface AttemptBooking {
  readonly attempt: AttemptSummary;
  /** Of its hold. */
  readonly attemptId: string;
  readonly request: Pick<RoutedRequest, 'task'>;
  readonly requestId: string;
  readonly subject: Pick<BudgetSubject, 'caller' | 'session' | 'tags'>;
  readonly source: AnswerSource;
  /** When it was held: a row counts for the windows of its hold. */
  readonly atMs: number;
  readonly provider: string | undefined;
}

/** The ledger row of an attempt; undefined when it used nothing, which nobody bills. */
export function attemptRow(prices: PriceBook, booking: AttemptBooking): LedgerRow | undefined {
  const { attempt, attemptId, request, requestId, subject, source, atMs } = booking;
  const { target, usage } = attempt;
  if (!usage) return undefined;
  return {
    attemptId,
    requestId,
    atMs,
    ...subjectFields(subject),
    ...(request.task === undefined ? {} : { task: request.task }),
    model: target.model,
    provider: booking.provider ?? providerOf(target.model),
    region: target.region,
    ...(target.profile === undefined ? {} : { profile: target.profile }),
    source,
    outcome: attempt.outcome,
    usage,
    cost: prices.costOf(target, usage),
    saved: 0,
    latencyMs: attempt.latencyMs,
    tags: subject.tags,
  };
}

const subjectFields = ({ caller, session }: AttemptBooking['subject']) => ({
  caller,
  ...(session !== undefined && { session }),
});

/** Ids of base models begin with their provider. */
export const providerOf = (model: string): string => model.split('.')[0] ?? model;

export function sumCosts(rows: readonly LedgerRow[]): Cost {
  return {
    nanoUsd: rows.reduce((sum, { cost }) => sum + cost.nanoUsd, 0),
    estimated: rows.some(({ cost }) => cost.estimated),
  };
}
