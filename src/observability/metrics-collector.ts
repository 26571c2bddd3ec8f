import type { Counter, Gauge, Histogram } from 'prom-client';
import type { AttemptSummary, CacheHit, CallEvent, EventSubscriber, ServerEvent } from '../core/events.js';
import type { Target } from '../core/target.js';
import { type MetricName, metricDefinitions, metricPrefix } from './metric-definitions.js';

export interface MetricsOptions {
  readonly version: string;
  /** Whether the catalogue knows the model; all others share the label `other`. */
  readonly isKnownModel: (model: string) => boolean;
}

export interface MetricsCollector extends EventSubscriber {
  /** The metrics in the Prometheus text format. */
  render(): Promise<{ readonly contentType: string; readonly body: string }>;
}

type NamesOf<Kind> = {
  [Name in MetricName]: (typeof metricDefinitions)[Name]['kind'] extends Kind ? Name : never;
}[MetricName];

type Labels = Readonly<Record<string, string>>;

/** What the events need of the metrics library. */
interface Meters {
  add(name: NamesOf<'counter'>, labels: Labels, amount?: number): void;
  set(name: NamesOf<'gauge'>, labels: Labels, value: number): void;
  observe(name: NamesOf<'histogram'>, labels: Labels, value: number): void;
}

const maxOpenCalls = 10_000;
const maxDistinct = 100;
const breakerStates = ['closed', 'half-open', 'open'] as const;

/** Loads prom-client and registers every metric in a registry of its own. */
export async function createMetricsCollector({ version, isKnownModel }: MetricsOptions): Promise<MetricsCollector> {
  const { meters, render } = await createMeters();
  const regions = boundedLabel();
  const labelsOf = ({ model, region }: Target) => ({
    model: isKnownModel(model) ? model : 'other',
    region: regions(region),
  });
  const recordCall = callRecorder(meters);
  const recordCache = cacheRecorder(meters);
  const recordBudget = budgetRecorder(meters);
  meters.set('build_info', { version, node: process.version }, 1);
  meters.set('in_flight', {}, 0);
  return {
    render,
    onCallEvent: (event, { requestId }) => {
      recordCall(event, requestId);
      recordStep(meters, event, labelsOf);
    },
    onServerEvent: (event) => {
      recordBreaker(meters, event, labelsOf);
      recordCache(event);
      recordBudget(event);
    },
  };
}

/** Start and end of calls; the tool is only named at the start. */
function callRecorder(meters: Meters): (event: CallEvent, requestId: string) => void {
  const tools = new Map<string, string>();
  const toolLabel = boundedLabel();

  function end(requestId: string, outcome: string, latencyMs: number): void {
    const labels = { tool: tools.get(requestId) ?? 'other', outcome };
    tools.delete(requestId);
    meters.add('calls_total', labels);
    meters.observe('call_duration_seconds', labels, latencyMs / 1_000);
  }

  return (event, requestId) => {
    if (event.type === 'call-started' && tools.size < maxOpenCalls) tools.set(requestId, toolLabel(event.tool));
    if (event.type === 'call-succeeded') end(requestId, 'succeeded', event.latencyMs);
    if (event.type === 'call-failed') end(requestId, event.failure.category, event.latencyMs);
    meters.set('in_flight', {}, tools.size);
  };
}

function recordStep(meters: Meters, event: CallEvent, labelsOf: (target: Target) => Labels & { model: string }): void {
  switch (event.type) {
    case 'cache-missed':
      meters.add('cache_requests_total', { tier: 'none', result: 'miss' });
      recordLookup(meters, 'none', event.lookupMs);
      return;
    case 'cache-hit':
      recordHit(meters, event, event.served && labelsOf(event.served).model);
      return;
    case 'attempt-ended':
      recordAttempt(meters, event, labelsOf(event.target));
      return;
    case 'cost-settled':
      meters.add('cost_usd_total', { model: labelsOf(event.target).model }, event.cost.nanoUsd / 1e9);
      return;
    default:
  }
}

function recordAttempt(meters: Meters, attempt: AttemptSummary, labels: Labels & { model: string }): void {
  const { model } = labels;
  const { usage, timeToFirstTokenMs } = attempt;
  const outcome = attempt.failure?.category ?? attempt.outcome;
  meters.add('attempts_total', { ...labels, outcome });
  meters.observe('attempt_duration_seconds', { model, outcome }, attempt.latencyMs / 1_000);
  if (timeToFirstTokenMs !== undefined) {
    meters.observe('time_to_first_token_seconds', { model }, timeToFirstTokenMs / 1_000);
  }
  if (!usage) return;
  meters.add('tokens_total', { model, kind: 'input' }, usage.inputTokens);
  meters.add('tokens_total', { model, kind: 'output' }, usage.outputTokens);
  meters.add('tokens_total', { model, kind: 'cache_read' }, usage.cacheReadTokens);
  meters.add('tokens_total', { model, kind: 'cache_write' }, usage.cacheWriteTokens);
}

function recordHit(meters: Meters, { tier, lookupMs, stale, saved }: CacheHit, model: string | undefined): void {
  meters.add('cache_requests_total', { tier, result: 'hit' });
  recordLookup(meters, tier, lookupMs);
  if (stale) meters.add('cache_stale_total', { why: stale });
  if (model !== undefined) meters.add('cache_savings_usd_total', { model }, saved / 1e9);
}

function recordLookup(meters: Meters, tier: string, lookupMs: number | undefined): void {
  if (lookupMs !== undefined) meters.observe('cache_lookup_seconds', { tier }, lookupMs / 1_000);
}

/** The event tells totals since the start; a counter takes what was added. */
function cacheRecorder(meters: Meters): (event: ServerEvent) => void {
  let told = { evictions: 0, invalidations: 0 };
  return (event) => {
    if (event.type !== 'cache-changed') return;
    const { bytes, entries, evictions, invalidations } = event;
    meters.set('cache_bytes', {}, bytes);
    meters.set('cache_entries', {}, entries);
    meters.add('cache_evictions_total', {}, evictions - told.evictions);
    meters.add('cache_invalidations_total', {}, invalidations - told.invalidations);
    told = { evictions, invalidations };
  };
}

function recordBreaker(meters: Meters, event: ServerEvent, labelsOf: (target: Target) => Labels): void {
  if (event.type !== 'breaker-changed') return;
  for (const state of breakerStates) {
    meters.set('breaker_state', { ...labelsOf(event.target), state }, Number(state === event.state));
  }
}

function budgetRecorder(meters: Meters): (event: ServerEvent) => void {
  const budgets = boundedLabel();
  return (event) => {
    if (event.type === 'budget-compared') {
      const { budget, unit, drift } = event;
      meters.set('budget_drift', { budget: budgets(budget), unit }, unit === 'usd' ? drift / 1e9 : drift);
    }
    if (event.type === 'alert-changed') {
      const { type, status } = event.alert;
      meters.add('alerts_total', { type, status });
    }
    if (event.type === 'alert-sent') meters.add('alert_messages_total', { outcome: event.outcome });
  };
}

/** The first values keep their name, all later ones share `other`: nobody can blow up the number of series. */
function boundedLabel(): (value: string) => string {
  const seen = new Set<string>();
  return (value) => {
    if (seen.has(value)) return value;
    if (seen.size >= maxDistinct) return 'other';
    seen.add(value);
    return value;
  };
}

async function createMeters(): Promise<{ meters: Meters; render: MetricsCollector['render'] }> {
  const prometheus = (await import('prom-client')).default;
  const registry = new prometheus.Registry();
  const counters = new Map<string, Counter>();
  const gauges = new Map<string, Gauge>();
  const histograms = new Map<string, Histogram>();
  for (const [name, { kind, help, labels, ...rest }] of Object.entries(metricDefinitions)) {
    const options = { name: `${metricPrefix}${name}`, help, labelNames: [...labels], registers: [registry] };
    if (kind === 'counter') counters.set(name, new prometheus.Counter(options));
    else if (kind === 'gauge') gauges.set(name, new prometheus.Gauge(options));
    else
      histograms.set(
        name,
        new prometheus.Histogram({ ...options, buckets: 'buckets' in rest ? [...rest.buckets] : [] }),
      );
  }
  return {
    meters: {
      add: (name, labels, amount = 1) => counters.get(name)?.inc({ ...labels }, Math.max(0, amount)),
      set: (name, labels, value) => gauges.get(name)?.set({ ...labels }, value),
      observe: (name, labels, value) => histograms.get(name)?.observe({ ...labels }, value),
    },
    render: async () => ({ contentType: registry.contentType, body: await registry.metrics() }),
  };
}
