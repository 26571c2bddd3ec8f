/** One metric as it is registered and documented. */
export interface MetricDefinition {
  readonly kind: 'counter' | 'gauge' | 'histogram';
  readonly help: string;
  readonly labels: readonly string[];
  /** Upper bounds, for histograms. */
  readonly buckets?: readonly number[];
}

/** Fits answers of chat models: log-normal latencies with medians around a second, out to minutes. */
const durationBuckets = [
  0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 0.75, 1, 1.5, 2, 3, 4.5, 7, 10, 15, 25, 45, 90, 180,
] as const;

export const metricPrefix = 'bedrock_mcp_';

/** Every metric, by its name without the prefix. Labels never hold request ids, callers or text. */
export const metricDefinitions = {
  calls_total: {
    kind: 'counter',
    help: 'Calls that ended, by tool and outcome (succeeded, or the error category).',
    labels: ['tool', 'outcome'],
  },
  call_duration_seconds: {
    kind: 'histogram',
    help: 'Whole duration of calls, retries and fallbacks included.',
    labels: ['tool', 'outcome'],
    buckets: durationBuckets,
  },
  time_to_first_token_seconds: {
    kind: 'histogram',
    help: 'Time from sending a request to the first piece of its answer.',
    labels: ['model'],
    buckets: durationBuckets,
  },
  attempts_total: {
    kind: 'counter',
    help: 'Requests to models, by outcome (succeeded, or the error category).',
    labels: ['model', 'region', 'outcome'],
  },
  attempt_duration_seconds: {
    kind: 'histogram',
    help: 'Duration of single requests to models.',
    labels: ['model', 'outcome'],
    buckets: durationBuckets,
  },
  tokens_total: {
    kind: 'counter',
    help: 'Tokens used, by kind (input, output, cache_read, cache_write); failed attempts included.',
    labels: ['model', 'kind'],
  },
  cost_usd_total: { kind: 'counter', help: 'Cost booked, in USD.', labels: ['model'] },
  cache_requests_total: {
    kind: 'counter',
    help: 'Look-ups in the cache, by tier (memory, redis, flight; none for a miss) and result (hit, miss).',
    labels: ['tier', 'result'],
  },
  cache_lookup_seconds: {
    kind: 'histogram',
    help: 'Time of look-ups in the cache, by the tier that had the answer (none for a miss).',
    labels: ['tier'],
    buckets: [0.00001, 0.00002, 0.00005, 0.0001, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25],
  },
  cache_savings_usd_total: {
    kind: 'counter',
    help: 'What answers of the cache, and those shared in flight, would have cost, in USD.',
    labels: ['model'],
  },
  cache_stale_total: {
    kind: 'counter',
    help: 'Answers served past their time, by why (revalidating, failed).',
    labels: ['why'],
  },
  cache_bytes: { kind: 'gauge', help: 'Bytes that answers in memory take, with their overhead.', labels: [] },
  cache_entries: { kind: 'gauge', help: 'Answers in memory.', labels: [] },
  cache_evictions_total: { kind: 'counter', help: 'Answers dropped from memory for want of room.', labels: [] },
  cache_invalidations_total: { kind: 'counter', help: 'Answers dropped from memory by invalidation.', labels: [] },
  breaker_state: {
    kind: 'gauge',
    help: '1 for the state that the circuit breaker of a target is in, 0 for the others.',
    labels: ['model', 'region', 'state'],
  },
  budget_drift: {
    kind: 'gauge',
    help: 'What a counter of a budget differs from the ledger by, at the last comparison, in its unit (USD, tokens, calls).',
    labels: ['budget', 'unit'],
  },
  alerts_total: {
    kind: 'counter',
    help: 'Alerts of budgets and of spending, by type and status (firing, resolved).',
    labels: ['type', 'status'],
  },
  alert_messages_total: {
    kind: 'counter',
    help: 'Tries to send a message to the webhook, by outcome (delivered, postponed, given-up).',
    labels: ['outcome'],
  },
  in_flight: { kind: 'gauge', help: 'Calls that are running or waiting now.', labels: [] },
  build_info: {
    kind: 'gauge',
    help: 'Always 1; the labels name the version and the Node.js version.',
    labels: ['version', 'node'],
  },
} as const satisfies Record<string, MetricDefinition>;

export type MetricName = keyof typeof metricDefinitions;
