import { describe, expect, it } from '@jest/globals';
import type { CheckResult, HealthCheck, HealthStatus } from '../../src/core/ports.js';
import { createHealthChecker } from '../../src/observability/health-checker.js';
import { fakeClock } from '../support/fake-clock.js';
import { target } from './samples.js';

const state = { target, state: 'closed' } as const;
const measured = { calls: 3, errorRate: 0, latencyMs: 5 };

function checker(checks: readonly HealthCheck[], clock = fakeClock()) {
  return createHealthChecker({
    checks,
    clock,
    version: '1.0.0',
    startedAtMs: clock.monotonicMs() - 61_500,
    timeoutMs: 1_000,
    breakers: {
      stateOf: () => state,
      states: () => [state, { ...state, target: { ...target, profile: undefined as never } }],
    },
    performance: { of: (asked) => (asked === target ? measured : undefined) },
  });
}

const check = (name: string, run: HealthCheck['run']): HealthCheck => ({ name, run });
const says = (status: HealthStatus) => check(status, () => Promise.resolve<CheckResult>({ status, detail: 'd' }));

describe('health checker', () => {
  it.each<[HealthStatus[], HealthStatus]>([
    [[], 'healthy'],
    [['healthy', 'healthy'], 'healthy'],
    [['degraded', 'healthy'], 'degraded'],
    [['healthy', 'unhealthy', 'degraded'], 'unhealthy'],
  ])('%j is %s', async (statuses, overall) => {
    const report = await checker(statuses.map(says)).run(false);
    expect(report.status).toBe(overall);
    expect(report.checks.map(({ status }) => status)).toEqual(statuses);
  });

  it('reports breakers, performance, version and uptime', async () => {
    const report = await checker([]).run(false);
    expect(report).toMatchObject({ version: '1.0.0', uptimeSeconds: 61, performance: [{ target, ...measured }] });
    expect(report.breakers).toHaveLength(2);
  });

  it('says whether deep was asked for', async () => {
    const asked: boolean[] = [];
    const deep = check('deep', (isDeep) => {
      asked.push(isDeep);
      return Promise.resolve({ status: 'healthy', detail: '' });
    });
    await checker([deep]).run(true);
    expect(asked).toEqual([true]);
  });

  it('gives up on a check that hangs, tells it, and shows no foreign text of one that throws', async () => {
    const clock = fakeClock();
    let wasAborted = false;
    const hangs = check('hangs', (_deep, signal) => {
      signal.addEventListener('abort', () => {
        wasAborted = true;
      });
      return new Promise(() => undefined);
    });
    const throws = check('throws', () => Promise.reject(new Error('secret path')));
    const report = checker([hangs, throws], clock).run(false);
    await clock.advance(1_000);
    const { status, checks } = await report;
    expect(status).toBe('unhealthy');
    expect(wasAborted).toBe(true);
    expect(checks[0]).toMatchObject({ name: 'hangs', status: 'unhealthy', detail: 'No answer within 1000 ms.' });
    expect(checks[1]).toMatchObject({ status: 'unhealthy', detail: 'The check itself failed.' });
  });
});
