import type { BudgetSubject, BudgetUse } from '../core/budget.js';
import type { AttemptSummary } from '../core/events.js';
import type { AttemptFacts, Intent, LedgerRow } from '../core/ledger.js';
import type { PriceBook } from '../core/ports.js';
import type { RoutedRequest } from '../core/request.js';
import type { AnswerSource, Cost } from '../core/response.js';
import type { Target } from '../core/target.js';
import { savingsOf } from './savings.js';

/** What is known of an attempt before it is sent. */
export interface PlannedAttempt {
  /** Of its hold. */
  readonly attemptId: string;
  readonly request: Pick<RoutedRequest, 'task' | 'service_tier' | 'dearest'>;
  readonly requestId: string;
  readonly subject: Pick<BudgetSubject, 'caller' | 'session' | 'tags'>;
  readonly source: AnswerSource;
  /** When it was held: a row counts for the windows of its hold. */
  readonly atMs: number;
  readonly provider: string | undefined;
}

export interface AttemptBooking extends PlannedAttempt {
  readonly attempt: AttemptSummary;
  readonly firstOfCall: () => boolean;
}

/** The intent of an attempt that may use so much, of which so many tokens are its answer. */
export function attemptIntent(
  planned: PlannedAttempt,
  target: Target,
  { tokens, cost }: BudgetUse,
  outputTokens: number,
  expiresAtMs: number,
): Intent {
  const most = { inputTokens: tokens - outputTokens, outputTokens, totalTokens: tokens, cost };
  return { ...factsOf(planned, target), most, expiresAtMs };
}

/** The ledger row of an attempt; undefined when it used nothing, which nobody bills. */
export function attemptRow(prices: PriceBook, booking: AttemptBooking): LedgerRow | undefined {
  const { attempt, firstOfCall } = booking;
  const { target, usage, outcome, latencyMs } = attempt;
  if (!usage) return undefined;
  const facts = factsOf(booking, target);
  // What the service says it served counts, not what it was asked for.
  const { serviceTier = facts.serviceTier } = usage;
  const { dearest } = booking.request;
  const { parts: costParts, priceVersion, ...cost } = prices.costOf(target, usage, booking.atMs);
  return {
    ...facts,
    ...(serviceTier !== undefined && { serviceTier }),
    firstOfCall: firstOfCall(),
    outcome,
    usage,
    cost,
    costParts,
    priceVersion,
    saved: 0,
    ...(outcome === 'succeeded' &&
      savingsOf(prices, { target, usage, cost: cost.nanoUsd, atMs: booking.atMs, dearest })),
    latencyMs,
  };
}

function factsOf(planned: PlannedAttempt, target: Target): AttemptFacts {
  const { attemptId, request, requestId, subject, source, atMs } = planned;
  const { service_tier: tier, task } = request;
  return {
    attemptId,
    requestId,
    atMs,
    ...subjectFields(subject),
    ...(task !== undefined && { task }),
    model: target.model,
    provider: planned.provider ?? providerOf(target.model),
    region: target.region,
    ...(target.profile !== undefined && { profile: target.profile }),
    ...(tier !== undefined && tier !== 'default' && { serviceTier: tier }),
    source,
    tags: subject.tags,
  };
}

const subjectFields = ({ caller, session }: PlannedAttempt['subject']) => ({
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
