import { afterEach, describe, expect, it } from '@jest/globals';
import { systemClock } from '../../../src/core/clock.js';
import type { EventSubscriber, ServerEvent } from '../../../src/core/events.js';
import { modelId, profileId, region, type Target } from '../../../src/core/target.js';
import { shareBreakers } from '../../../src/resilience/breaker-hints.js';
import { createCircuitBreakers } from '../../../src/resilience/circuit-breakers.js';
import { createRedisBreakerHints } from '../../../src/resilience/stores/redis-breaker-hints.js';
import { createRedisConnection } from '../../../src/storage/redis-connection.js';
import { freePort, type RedisServer, startRedis, stopAllRedis } from '../../support/redis-server.js';

const model = modelId('amazon.nova-lite-v1:0');
const target: Target = { model, region: region('us-east-1'), profile: profileId('us.amazon.nova-lite-v1:0') };
const closing: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
  await stopAllRedis();
});

/** One server: breakers of its own, joined to the others by Redis. */
function replica(url: string, name: string) {
  const events: ServerEvent[] = [];
  const subscribers: EventSubscriber[] = [];
  const onServerEvent = (event: ServerEvent) => {
    events.push(event);
    for (const subscriber of subscribers) subscriber.onServerEvent?.(event);
  };
  const redis = createRedisConnection({ url, clock: systemClock, onServerEvent, timeoutMs: 2_000 });
  const breakers = createCircuitBreakers({ clock: systemClock, onServerEvent, resetMs: 60_000 });
  subscribers.push(shareBreakers(breakers, createRedisBreakerHints({ redis, replica: name })));
  closing.push(() => breakers.close(), redis.close);
  const report = (ok: boolean, times = 1, to = target) => {
    for (let count = 0; count < times; count += 1) {
      const admission = breakers.admit(to, true);
      if (admission.admitted) admission.report(ok ? { ok } : { ok, weight: 1, why: 'model_error' });
    }
  };
  return { breakers, events, redis, report, state: (of = target) => breakers.stateOf(of).state };
}

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  const endMs = systemClock.monotonicMs() + 15_000;
  while (!(await condition())) {
    if (systemClock.monotonicMs() > endMs) throw new Error('it did not happen in time');
    await systemClock.sleep(10);
  }
}

const subscribed = (server: RedisServer, count: number) =>
  until(async () => (await server.command('PUBSUB', 'NUMSUB', 'kairos-bedrock:breakers:v1')).endsWith(`${count}`));

describe('breaker hints over Redis', () => {
  it('reach the other servers, are probed there, and their echo does not come back', async () => {
    const server = await startRedis();
    const [one, two] = [replica(server.url, 'one'), replica(server.url, 'two')];
    await subscribed(server, 2);
    await until(() => one.redis.inUse());
    one.report(false, 10);
    await until(() => two.state() === 'open');
    expect(two.breakers.stateOf(target).why).toBe('model_error, as another server found');
    // A second later its own probe decides, while the first server still rests for a minute.
    await until(() => two.state() === 'half-open');
    two.report(true);
    await until(() => two.state() === 'closed');
    expect(one.state()).toBe('open');
    one.report(true);
    await until(() => one.state() === 'closed');
    expect(one.events.filter(({ type }) => type === 'breaker-changed')).toHaveLength(2);
  });

  it('that are no hints are passed over', async () => {
    const server = await startRedis();
    const one = replica(server.url, 'one');
    await subscribed(server, 1);
    const publish = (text: string) => server.command('PUBLISH', 'kairos-bedrock:breakers:v1', text);
    for (const text of [
      '{',
      'null',
      '{"replica":"x","model":"m"}',
      JSON.stringify({ ...target, state: 'half', why: '' }),
    ]) {
      await publish(text);
    }
    await publish(JSON.stringify({ replica: 'x', model: 'm', region: 'r', state: 'open', why: 'y'.repeat(3_000) }));
    await publish(JSON.stringify({ replica: 'x', model: 'last', region: 'r', state: 'open', why: 'network' }));
    await until(() => one.breakers.states().length > 0);
    expect(one.breakers.states().map(({ target: to }) => to.model)).toEqual(['last']);
  });

  it.each(['SIGSTOP', 'SIGKILL'] as const)(
    'cost a server no time when Redis gets %s',
    async (signal) => {
      const port = await freePort();
      const server = await startRedis(port);
      const [one, two] = [replica(server.url, 'one'), replica(server.url, 'two')];
      await subscribed(server, 2);
      await until(() => one.redis.inUse());
      server.signal(signal);
      const other: Target = { model, region: region('us-west-2') };
      const startedMs = systemClock.monotonicMs();
      one.report(false, 10);
      // Opossum takes an outcome in a few microtasks.
      await new Promise(setImmediate);
      expect(one.state()).toBe('open');
      one.report(true);
      await new Promise(setImmediate);
      expect(one.state()).toBe('closed');
      expect(systemClock.monotonicMs() - startedMs).toBeLessThan(1_000);
      // Each goes by its own experience, and hears hints again when Redis is back.
      expect(two.state()).toBe('closed');
      if (signal === 'SIGSTOP') server.signal('SIGCONT');
      const again = signal === 'SIGKILL' ? await startRedis(port) : server;
      await subscribed(again, 2);
      await until(async () => (await one.redis.run((commands) => commands.send('PING'))) === 'PONG');
      one.report(false, 10, other);
      await until(() => two.state(other) === 'open');
    },
    40_000,
  );
});
