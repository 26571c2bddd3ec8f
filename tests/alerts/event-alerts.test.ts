import { describe, expect, it } from '@jest/globals';
import { createEventAlerts } from '../../src/alerts/event-alerts.js';
import { startReadinessWatch } from '../../src/alerts/readiness-watch.js';
import { type Alert, type AlertTopic, alertTopics } from '../../src/core/alerts.js';
import type { ServerEvent } from '../../src/core/events.js';
import type { HealthReport } from '../../src/core/integration-service.js';
import type { HealthStatus } from '../../src/core/ports.js';
import { modelId, region } from '../../src/core/target.js';
import { fakeClock } from '../support/fake-clock.js';
import { anAlert } from './an-alert.js';

function told(events: readonly ServerEvent[], topics: readonly AlertTopic[] = alertTopics): readonly string[] {
  const alerts: Alert[] = [];
  const subscriber = createEventAlerts({ topics, clock: fakeClock(), onAlert: (alert) => void alerts.push(alert) });
  for (const event of events) subscriber.onServerEvent?.(event);
  return alerts.map(({ status, key, summary }) => `${status} ${key}: ${summary}`);
}

const target = { model: modelId('m'), region: region('us-east-1') };
const breaker = (state: 'open' | 'half-open' | 'closed', more: { hinted?: boolean } = {}): ServerEvent => ({
  type: 'breaker-changed',
  target,
  state,
  why: '5 failures',
  ...more,
});

describe('events of the server as alerts', () => {
  it('tells a breaker once when it opens, and once when it closes, whatever probes say between', () => {
    const states = ['open', 'half-open', 'open', 'half-open', 'closed', 'closed', 'open'] as const;
    expect(told(states.map((state) => breaker(state)))).toEqual([
      'firing breaker.open/m/us-east-1: m in us-east-1 is not called any more: 5 failures.',
      'resolved breaker.open/m/us-east-1: m in us-east-1 is called again.',
      'firing breaker.open/m/us-east-1: m in us-east-1 is not called any more: 5 failures.',
    ]);
  });

  it('leaves to the other server what that has told this one', () => {
    expect(told([breaker('open', { hinted: true }), breaker('closed')])).toEqual([]);
  });

  it('tells the loss of a store and its return, and readiness', () => {
    expect(
      told([
        { type: 'store-recovered', store: 'redis' },
        { type: 'store-degraded', store: 'redis', why: 'not reachable' },
        { type: 'store-recovered', store: 'redis' },
        { type: 'server-health-changed', healthy: false, reasons: ['credentials: none.'] },
        { type: 'server-health-changed', healthy: true, reasons: [] },
      ]),
    ).toEqual([
      'firing store.degraded/redis: The store "redis" is out of use: not reachable.',
      'resolved store.degraded/redis: The store "redis" is in use again.',
      'firing server.not_ready/readiness: The server is not ready: credentials: none.',
      'resolved server.not_ready/readiness: The server is ready again.',
    ]);
  });

  it('tells only what the operator wants to know', () => {
    const budget: ServerEvent = { type: 'alert-changed', alert: anAlert() };
    const rate: ServerEvent = { type: 'alert-changed', alert: anAlert({ type: 'spend.unusual', key: 'rate' }) };
    const all = [budget, rate, breaker('open')];
    expect(told(all, ['budgets'])).toHaveLength(1);
    expect(told(all, ['spend_rate'])).toEqual([expect.stringContaining('rate')]);
    expect(told(all, ['stores'])).toEqual([]);
    expect(told(all)).toHaveLength(3);
  });
});

describe('the watch over readiness', () => {
  it('believes what two looks find, and tells each transition once', async () => {
    const clock = fakeClock();
    const events: ServerEvent[] = [];
    let status: HealthStatus = 'healthy';
    const health = async (): Promise<HealthReport> => ({
      status,
      checks: [{ name: 'credentials', status, detail: 'Refused.', checkedAtMs: 0 }],
      breakers: [],
      performance: [],
      version: '1',
      uptimeSeconds: 1,
    });
    const watch = startReadinessWatch({ health, clock, onServerEvent: (event) => void events.push(event) });
    const looks = async (next: HealthStatus, count: number) => {
      status = next;
      for (let look = 0; look < count; look += 1) await clock.advance(15_000);
      return events.splice(0);
    };
    expect(await looks('unhealthy', 1)).toEqual([]);
    expect(await looks('degraded', 2)).toEqual([]);
    expect(await looks('unhealthy', 4)).toEqual([
      { type: 'server-health-changed', healthy: false, reasons: ['credentials: Refused.'] },
    ]);
    expect(await looks('healthy', 4)).toEqual([{ type: 'server-health-changed', healthy: true, reasons: [] }]);
    watch.stop();
    expect(await looks('unhealthy', 4)).toEqual([]);
  });
});
