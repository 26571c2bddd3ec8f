import { afterAll, afterEach, describe, expect, it } from '@jest/globals';
import { type Clock, systemClock } from '../../src/core/clock.js';
import { type ApplicationParts, startApplication, type TestApplication } from '../faults/application.js';
import { connectClient, type TestClient } from '../faults/mcp-client.js';
import type { CostReportResult } from '../support/built-server.js';
import { freePort, type RedisServer, startRedis, stopAllRedis } from '../support/redis-server.js';
import { startTestSandbox, type TestSandbox } from '../support/sandbox.js';
import { until } from '../support/until.js';

/* Faults of what servers share, and of time, as a real MCP client sees them: rows F20 to F24 and F34 of the fault matrix. */

const one = { model: 'amazon.nova-lite-v1:0', fallback: false, temperature: 0 };

interface Replica {
  readonly app: TestApplication;
  readonly client: TestClient;
}

const opened: Replica[] = [];
const sandboxes: TestSandbox[] = [];
afterEach(async () => {
  for (const { app, client } of opened.splice(0)) {
    await client.close();
    await app.close();
  }
  for (const sandbox of sandboxes.splice(0)) await sandbox.close();
});
afterAll(stopAllRedis);

async function start(env: Record<string, string> = {}, parts: ApplicationParts = {}): Promise<Replica> {
  const app = await startApplication({ AWS_BEDROCK_REGION: 'us-east-1', ...env }, parts);
  const replica = { app, client: await connectClient(app) };
  opened.push(replica);
  return replica;
}

const cached = ({ client }: Replica, prompt: string, cache = 'default') =>
  client.invoke({ ...one, prompt, max_tokens: 500, cache });
const healthOf = async ({ app }: Replica, name: string) =>
  (await app.application.service.health(false)).checks.find((check) => check.name === name);

async function dayBudget({ client }: Replica) {
  const { structuredContent } = await client.call('bedrock_cost_report', { period: 'today' });
  const [day] = (structuredContent as unknown as CostReportResult).budgets;
  if (day === undefined) throw new Error('the report has no budget');
  return day;
}

const redisOf = (redis: RedisServer) => ({ BEDROCK_REDIS_URL: redis.url, BEDROCK_CACHE_TTL: '60' });
/** Redis has a tenth of a second to answer, which a busy machine may need for itself: only faults shall be too late. */
const patientlyOf = (redis: RedisServer) => ({ ...redisOf(redis), BEDROCK_REDIS_TIMEOUT: '10' });
const longMs = 40_000;
/** Redis is looked for whenever it is wanted. */
const inUse = (replica: Replica) =>
  until(async () => {
    await cached(replica, `warm-up ${performance.now()}`);
    return (await healthOf(replica, 'cache'))?.detail.includes('Redis in use') === true;
  }, longMs);

describe('fault matrix: stores', () => {
  it('F20, F21 Redis stopped, then gone: answers go on', async () => {
    const redis = await startRedis();
    const server = await start(redisOf(redis));
    expect((await cached(server, 'first')).isError).toBe(false);
    redis.signal('SIGSTOP');
    const stopped = [await cached(server, 'second'), await cached(server, 'third')];
    redis.signal('SIGCONT');
    redis.signal('SIGKILL');
    const gone = [await cached(server, 'fourth'), await cached(server, 'fifth')];
    for (const { isError, elapsedMs } of [...stopped, ...gone])
      expect([isError, elapsedMs < 5_000]).toEqual([false, true]);
  });

  it('F22 answers in Redis that are damaged or of another type: the same answers as without them', async () => {
    const redis = await startRedis();
    const sandbox = await startTestSandbox();
    sandboxes.push(sandbox);
    const replica = async () => {
      const made = await start(patientlyOf(redis), { sandbox });
      await inUse(made);
      return made;
    };
    const prompts = ['What is a lighthouse?', 'What is a tide?'];
    const names = async () =>
      (await redis.command('KEYS', 'kairos-bedrock:cache:v2:*')).split('\n').filter((name) => name.endsWith('}'));
    const first = await replica();
    const texts: string[] = [];
    const before = (await names()).length;
    await until(async () => {
      texts.length = 0;
      // What a busy Redis did not take is asked again.
      for (const prompt of prompts) texts.push((await cached(first, prompt, 'refresh')).result.text);
      return (await names()).length >= before + prompts.length;
    }, longMs);
    for (const [index, name] of (await names()).entries()) {
      await redis.command('DEL', name);
      await redis.command(...(index % 2 === 0 ? ['SET', name, 'not an answer at all'] : ['LPUSH', name, 'a list']));
    }

    const second = await replica();
    for (const [index, prompt] of prompts.entries()) {
      const { result } = await cached(second, prompt);
      expect([result.source, result.text]).toEqual(['bedrock', texts[index]]);
    }
  }, 120_000);

  it('F23 Redis is full: answers go on, lost writes are told, and a hard budget refuses what it cannot count', async () => {
    const redis = await startRedis();
    const team = { name: 'team', scope: 'tag:team=blue', per: 'day', limit_usd: 5 };
    const server = await start({ ...patientlyOf(redis), BEDROCK_BUDGETS: JSON.stringify([team]) });
    await inUse(server);
    const asTeam = (prompt: string) => server.client.invoke({ ...one, prompt, tags: { team: 'blue' } });
    expect((await asTeam('before')).isError).toBe(false);
    await redis.command('CONFIG', 'SET', 'maxmemory', '1');
    expect((await cached(server, 'for nobody')).isError).toBe(false);
    expect((await cached(server, 'for nobody else')).isError).toBe(false);
    const refused = await asTeam('full');
    expect(refused.error).toMatchObject({ category: 'budget_exceeded', message: expect.stringContaining('"team"') });
    expect(refused.error.retry_after_ms).toBeGreaterThan(0);
    expect((await healthOf(server, 'cache'))?.detail).toMatch(/writes lost|does not answer/);
    await redis.command('CONFIG', 'SET', 'maxmemory', '0');
    await until(async () => !(await asTeam('after')).isError, 30_000);
  }, 120_000);

  it('F24 Redis comes back empty: what was spent is known again before anything is admitted', async () => {
    const port = await freePort();
    const redis = await startRedis(port);
    const server = await start({ ...patientlyOf(redis), BEDROCK_DAILY_COST_LIMIT: '5' });
    const ask = (prompt: string) => server.client.invoke({ ...one, prompt });
    let spentUsd = 0;
    for (const prompt of ['one', 'two', 'three']) spentUsd += (await ask(prompt)).result.cost_usd;
    expect((await dayBudget(server)).spent_usd).toBeCloseTo(spentUsd, 9);
    await redis.stop();
    await startRedis(port);
    await until(async () => {
      const { isError, result } = await ask('after');
      if (!isError) spentUsd += result.cost_usd;
      return !isError;
    }, longMs);
    expect(await dayBudget(server)).toMatchObject({ spent_usd: expect.closeTo(spentUsd, 9), reserved_usd: 0 });
  }, 120_000);
});

describe('fault matrix: time', () => {
  /** The machine's clock, set wrong by whoever holds it. */
  function steppedClock(startMs: number) {
    const startedMs = systemClock.monotonicMs();
    let offsetMs = startMs;
    const clock: Clock = { ...systemClock, nowMs: () => offsetMs + Math.floor(systemClock.monotonicMs() - startedMs) };
    const set = (toMs: number) => {
      offsetMs += toMs - clock.nowMs();
    };
    return { clock, set };
  }

  it('F34 midnight, the end of summer time and steps of the clock: each day keeps its own spending', async () => {
    // In Berlin 25 October 2026 has 25 hours: from 22:00 UTC the day before to 23:00 UTC.
    const eve = Date.UTC(2026, 9, 24, 21, 30);
    const { clock, set } = steppedClock(eve);
    const server = await start({ BEDROCK_DAILY_COST_LIMIT: '5', BEDROCK_BUDGET_TIME_ZONE: 'Europe/Berlin' }, { clock });
    const spend = async () => {
      const { isError, result } = await server.client.invoke(one);
      expect(isError).toBe(false);
      return result.cost_usd;
    };
    const expectSpent = async (usd: number) =>
      expect(await dayBudget(server)).toMatchObject({ spent_usd: expect.closeTo(usd, 9), reserved_usd: 0 });

    const saturday = await spend();
    await expectSpent(saturday);
    set(Date.UTC(2026, 9, 24, 22, 5));
    await expectSpent(0);
    let sunday = await spend();
    // Back over midnight, as a clock that is corrected does: nothing is reset, nothing is lost.
    set(Date.UTC(2026, 9, 24, 21, 40));
    await expectSpent(saturday);
    const more = await spend();
    await expectSpent(saturday + more);
    // Before and after the hour that is there twice, and in the hour that an ordinary day would not have.
    for (const hour of [0, 1, 22]) {
      set(Date.UTC(2026, 9, 25, hour, 45));
      await expectSpent(sunday);
      sunday += await spend();
    }
    await expectSpent(sunday);
    // A leap month and an hour back from the next day.
    set(Date.UTC(2026, 9, 25, 23, 10));
    await expectSpent(0);
    set(Date.UTC(2026, 9, 25, 22, 10));
    await expectSpent(sunday);
  });
});
