import type { CallRecord } from '../core/call-record.js';
import type { CostReport } from '../core/cost-report.js';
import type { Budget, Invocation, WarmReport } from '../core/integration-service.js';
import type { SpendGroup, SpentCall } from '../core/ledger.js';
import { type Cost, type NanoUsd, responseText } from '../core/response.js';
import type { RoutingDecision } from '../core/routing.js';

/* What `--json` prints: snake_case and units in names, as in the results of the tools. */

const nanoPerUsd = 1e9;

const usd = (amount: NanoUsd): number => amount / nanoPerUsd;

export const money = (amount: NanoUsd): string => `$${usd(amount).toFixed(amount >= nanoPerUsd ? 2 : 6)}`;

export const approximate = ({ nanoUsd, estimated }: Cost): string => `${estimated ? '≈ ' : ''}${money(nanoUsd)}`;

/** Renames every key to snake_case, all the way down. */
export function snakeCase(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(snakeCase);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [
      key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
      snakeCase(item),
    ]),
  );
}

export function invocationView({ response, record }: Invocation) {
  const { usage, served, stopReason, source, notices, content } = response;
  return {
    text: responseText(content),
    content,
    stop_reason: stopReason,
    model: { used: served.model, region: served.region, profile: served.profile },
    usage: snakeCase(usage),
    cost_usd: usd(record.cost.nanoUsd),
    latency_ms: record.latencyMs,
    time_to_first_token_ms: response.timeToFirstTokenMs,
    source,
    cache: cacheView(record),
    attempts: record.attempts.map(({ target, outcome, failure, latencyMs }) => ({
      model: target.model,
      region: target.region,
      outcome,
      category: failure?.category,
      latency_ms: latencyMs,
    })),
    notices,
    request_id: record.requestId,
  };
}

function cacheView({ cacheHit: hit }: CallRecord) {
  if (!hit) return { hit: false };
  const { tier, ageMs, stale, refreshing } = hit;
  return { hit: true, tier, age_seconds: Math.round((ageMs ?? 0) / 1_000), stale, refreshing };
}

export function decisionView(decision: RoutingDecision) {
  const { task, confidence, complexity, optimize, candidates, reasons, notices, excluded, decisionMicroseconds } =
    decision;
  return {
    task,
    confidence,
    complexity,
    optimize,
    strategy: decision.strategy,
    policy_version: decision.policyVersion,
    alternatives: decision.alternatives,
    candidates: candidates.map(({ target, estimatedCost, expectedLatencyMs, parts, ...rest }) => ({
      model: target.model,
      region: target.region,
      profile: target.profile,
      ...rest,
      score_parts: parts,
      estimated_cost_usd: estimatedCost === undefined ? undefined : usd(estimatedCost),
      expected_latency_ms: expectedLatencyMs,
    })),
    chosen: candidates[0]?.target.model,
    excluded,
    reasons,
    notices,
    decision_us: decisionMicroseconds,
  };
}

const groupView = ({ key, calls, cost, saved, promptCacheSaved, routingSaved, usage }: SpendGroup) => ({
  key,
  calls,
  cost_usd: usd(cost),
  saved_usd: usd(saved),
  prompt_cache_saved_usd: usd(promptCacheSaved),
  routing_saved_usd: usd(routingSaved),
  usage: snakeCase(usage),
});

export function costView({ totals, groups, series, budgets, forecast, top, calls }: CostReport) {
  return {
    totals: groupView(totals),
    groups: groups.map(groupView),
    series: series.map(groupView),
    budgets: budgets.map(budgetView),
    forecast_usd: forecast && usd(forecast.cost),
    forecast_interval_usd: forecast?.interval && [usd(forecast.interval.low), usd(forecast.interval.high)],
    top: top?.map(({ by, key, calls: count, cost, share }) => ({ by, key, calls: count, cost_usd: usd(cost), share })),
    calls: calls?.map(callView),
  };
}

const callView = ({ requestId, atMs, caller, session, task, tags, cost, attempts }: SpentCall) => ({
  request_id: requestId,
  at: new Date(atMs).toISOString(),
  caller,
  session,
  task,
  tags,
  cost_usd: usd(cost.nanoUsd),
  estimated: cost.estimated,
  models: attempts.map(({ model }) => model),
});

function budgetView({ scope, unit, period, hard, limit, spent, reserved, state, resetsAtMs }: Budget) {
  const money = unit === 'usd';
  return {
    scope,
    unit,
    period,
    hard,
    ...(!money && { limit, spent, reserved }),
    limit_usd: money && limit !== undefined ? usd(limit) : undefined,
    spent_usd: money ? usd(spent) : undefined,
    reserved_usd: money ? usd(reserved) : undefined,
    state,
    resets_at: new Date(resetsAtMs).toISOString(),
  };
}

export const warmView = ({ cost, ...report }: WarmReport) => ({ ...report, cost_usd: usd(cost) });
