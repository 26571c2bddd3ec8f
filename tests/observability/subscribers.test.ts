import { describe, expect, it } from '@jest/globals';
import type { Logger } from '../../src/core/ports.js';
import { modelId, region } from '../../src/core/target.js';
import { createCallLog } from '../../src/observability/call-log.js';
import { metricDefinitions, metricPrefix } from '../../src/observability/metric-definitions.js';
import { createMetricsCollector } from '../../src/observability/metrics-collector.js';
import { canary, failedCall, goodCall, origin, target } from './samples.js';

interface Line {
  level: string;
  message: string;
  fields: Record<string, unknown>;
}

function memoryLogger(): { logger: Logger; lines: Line[] } {
  const lines: Line[] = [];
  const write =
    (level: string) =>
    (message: string, fields = {}) => {
      lines.push({ level, message, fields });
    };
  return { lines, logger: { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') } };
}

describe('call log', () => {
  it('logs a call once at info, each step at debug, and no content', () => {
    const { logger, lines } = memoryLogger();
    const log = createCallLog(logger);
    for (const event of goodCall) log.onCallEvent(event, origin);
    const infos = lines.filter((line) => line.level === 'info');
    expect(infos).toHaveLength(1);
    expect(infos[0]).toMatchObject({
      message: 'call succeeded',
      fields: {
        request_id: 'r1',
        caller: 'ada',
        tool: 'bedrock_invoke',
        latency_ms: 250,
        cost_usd: 0.0025,
        cache: 'none',
        model: target.model,
        attempts: [{ target: 'amazon.nova-lite-v1:0@us-east-1', outcome: 'succeeded', latency_ms: 200 }],
        routing: { task: 'code', reasons: ['looks like code'] },
      },
    });
    expect(lines.filter((line) => line.level === 'debug')).toHaveLength(goodCall.length);
    expect(JSON.stringify(lines)).not.toContain(canary);
  });

  it.each([
    ['timeout', 'info'],
    ['internal', 'error'],
  ] as const)('logs a %s failure at %s', (category, level) => {
    const { logger, lines } = memoryLogger();
    const log = createCallLog(logger);
    for (const event of failedCall(category)) log.onCallEvent(event, origin);
    const ends = lines.filter((line) => line.level !== 'debug');
    expect(ends).toHaveLength(1);
    expect(ends[0]).toMatchObject({
      level,
      message: 'call failed',
      fields: { category, error: 'slow', reason: 'deadline' },
    });
  });

  it('forgets calls that never end', () => {
    const { logger, lines } = memoryLogger();
    const log = createCallLog(logger);
    const started = { type: 'call-started', tool: 't' } as const;
    for (let call = 0; call <= 10_000; call += 1) log.onCallEvent(started, { ...origin, requestId: `${call}` });
    const end = { type: 'call-failed', failure: { category: 'timeout', message: 'm' }, latencyMs: 1 } as const;
    log.onCallEvent(end, { ...origin, requestId: '0' });
    log.onCallEvent(end, { ...origin, requestId: '1' });
    expect(lines.filter((line) => line.level === 'info')).toHaveLength(1);
  });

  it.each([
    [{ type: 'breaker-changed', target, state: 'open', why: 'errors' }, 'warn'],
    [{ type: 'breaker-changed', target, state: 'closed', why: 'probe' }, 'info'],
    [{ type: 'store-degraded', store: 'redis', why: 'slow' }, 'warn'],
    [{ type: 'store-recovered', store: 'redis' }, 'info'],
  ] as const)('logs %j', (event, level) => {
    const { logger, lines } = memoryLogger();
    createCallLog(logger).onServerEvent?.(event);
    expect(lines.map((line) => line.level)).toEqual([level]);
  });
});

describe('metrics collector', () => {
  const collector = () =>
    createMetricsCollector({ version: '1.2.3', isKnownModel: (model) => model.startsWith('amazon.') });

  it('counts a call under the names of the reference', async () => {
    const metrics = await collector();
    for (const event of goodCall) metrics.onCallEvent(event, origin);
    metrics.onCallEvent({ type: 'cache-hit', tier: 'memory', saved: 5 }, origin);
    metrics.onServerEvent?.({ type: 'breaker-changed', target, state: 'open', why: 'errors' });
    metrics.onServerEvent?.({ type: 'store-recovered', store: 'redis' });
    const { body, contentType } = await metrics.render();
    expect(contentType).toContain('text/plain');
    const model = 'model="amazon.nova-lite-v1:0"';
    for (const line of [
      'calls_total{tool="bedrock_invoke",outcome="succeeded"} 1',
      'call_duration_seconds_sum{tool="bedrock_invoke",outcome="succeeded"} 0.25',
      `time_to_first_token_seconds_count{${model}} 1`,
      `attempts_total{${model},region="us-east-1",outcome="succeeded"} 1`,
      `tokens_total{${model},kind="input"} 10`,
      `tokens_total{${model},kind="output"} 20`,
      `tokens_total{${model},kind="cache_read"} 3`,
      `tokens_total{${model},kind="cache_write"} 4`,
      `cost_usd_total{${model}} 0.0025`,
      'cache_requests_total{tier="none",result="miss"} 1',
      'cache_requests_total{tier="memory",result="hit"} 1',
      `breaker_state{${model},region="us-east-1",state="open"} 1`,
      `breaker_state{${model},region="us-east-1",state="closed"} 0`,
      'in_flight 0',
      `build_info{version="1.2.3",node="${process.version}"} 1`,
    ]) {
      expect(body).toContain(`${metricPrefix}${line}\n`);
    }
    for (const name of Object.keys(metricDefinitions)) expect(body).toContain(`# HELP ${metricPrefix}${name} `);
    expect(body).not.toContain(canary);
  });

  it('shows calls in flight and failures by category', async () => {
    const metrics = await collector();
    const [started, ...rest] = failedCall('timeout');
    if (started) metrics.onCallEvent(started, origin);
    expect((await metrics.render()).body).toContain('in_flight 1\n');
    for (const event of rest) metrics.onCallEvent(event, origin);
    const { body } = await metrics.render();
    expect(body).toContain('in_flight 0\n');
    expect(body).toContain('calls_total{tool="bedrock_invoke",outcome="timeout"} 1\n');
  });

  it('bounds its series whatever models, regions and tools come', async () => {
    const metrics = await collector();
    for (let call = 0; call < 500; call += 1) {
      const own = { ...origin, requestId: `${call}` };
      metrics.onCallEvent({ type: 'call-started', tool: `tool${call}` }, own);
      const odd = { model: modelId(`strange${call}`), region: region(`region${call}`) };
      metrics.onCallEvent({ type: 'cost-settled', target: odd, cost: { nanoUsd: 1, estimated: false } }, own);
      metrics.onServerEvent?.({ type: 'breaker-changed', target: odd, state: 'open', why: '' });
      metrics.onCallEvent({ type: 'call-failed', failure: { category: 'network', message: '' }, latencyMs: 1 }, own);
    }
    const { body } = await metrics.render();
    const series = (name: string) =>
      body.split('\n').filter((line) => line.startsWith(`${metricPrefix}${name}{`)).length;
    expect(series('cost_usd_total')).toBe(1);
    expect(series('calls_total')).toBe(101);
    expect(series('breaker_state')).toBe(303);
  });
});

describe('metrics of the cache', () => {
  it('count look-ups, savings by model, stale answers, and what memory holds', async () => {
    const metrics = await createMetricsCollector({ version: '1', isKnownModel: () => true });
    const hit = { type: 'cache-hit', tier: 'memory', served: target, saved: 2_500_000, lookupMs: 0.02 } as const;
    metrics.onCallEvent(hit, origin);
    metrics.onCallEvent({ ...hit, stale: 'failed' }, origin);
    metrics.onCallEvent({ type: 'cache-missed', lookupMs: 3 }, origin);
    const changed = { type: 'cache-changed', bytes: 4_096, entries: 2 } as const;
    metrics.onServerEvent?.({ ...changed, evictions: 3, invalidations: 1 });
    metrics.onServerEvent?.({ ...changed, evictions: 5, invalidations: 1 });
    const { body } = await metrics.render();
    for (const line of [
      `cache_savings_usd_total{model="${target.model}"} 0.005`,
      'cache_stale_total{why="failed"} 1',
      'cache_lookup_seconds_count{tier="memory"} 2',
      'cache_lookup_seconds_count{tier="none"} 1',
      'cache_bytes 4096',
      'cache_entries 2',
      'cache_evictions_total 5',
      'cache_invalidations_total 1',
    ]) {
      expect(body).toContain(`${metricPrefix}${line}`);
    }
  });
});
