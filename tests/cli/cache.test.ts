import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { WarmPlan } from '../../src/core/integration-service.js';
import { startComposed } from '../support/composed.js';
import { type RedisServer, startRedis, stopAllRedis } from '../support/redis-server.js';
import { run } from './fake-command-line.js';

const lines = (...requests: readonly object[]) => requests.map((request) => JSON.stringify(request)).join('\n');
const two = lines({ prompt: 'What is the capital of France?' }, { prompt: 'What is the capital of Spain?' });

describe('cache, called wrongly', () => {
  it.each([
    [['cache', 'warm', 'f'], '', 'f holds no request.'],
    [['cache', 'warm', 'f'], '\n{"prompt"', 'f, line 2: '],
    [['cache', 'warm', 'f'], `${two}\n{"prompt": "a", "top_p": 7}`, 'f, line 3: top_p'],
    [['cache', 'warm', 'f', '--per-second', '0'], two, '--per-second must be above 0.'],
    [['cache', 'invalidate'], '', 'Nothing says what to drop'],
  ])('%j with %j is refused', async (args, text, message) => {
    const { exitCode, err, asked } = await run(args, { readFile: () => Promise.resolve(text) });
    expect(exitCode).toBe(2);
    expect(err).toContain(message);
    expect(asked).toEqual([]);
  });

  it('says so where no cache outlives the command', async () => {
    const { exitCode, err } = await run(['cache', 'warm', 'f'], { readFile: () => Promise.resolve(two) });
    expect(exitCode).toBe(1);
    expect(err).toContain('BEDROCK_REDIS_URL');
  });
});

describe('cache with a Redis that servers share', () => {
  let redis: RedisServer;
  beforeAll(async () => {
    redis = await startRedis();
  });
  afterAll(() => stopAllRedis());
  beforeEach(() => redis.command('FLUSHALL'));

  /** Each command is a process of its own, with a service of its own. */
  async function command(args: readonly string[], text = two) {
    const composed = await startComposed({ BEDROCK_REDIS_URL: redis.url });
    const outcome = await run(['cache', ...args], {
      readFile: () => Promise.resolve(text),
      signal: new AbortController().signal,
      createService: () => Promise.resolve({ ...composed.service, close: () => Promise.resolve() }),
      clock: composed.clock,
    });
    const calls = await composed.modelCalls();
    const served = await composed.service.invoke(
      { messages: [{ role: 'user', content: 'What is the capital of Spain?' }] },
      { ...composed.options, caller: { id: 'somebody', tenant: 'local' } },
    );
    await composed.close();
    return { ...outcome, calls: calls.length, served: served.response.source };
  }

  it('warm fills it once: the second run finds what the first made, and so does a server', async () => {
    const first = await command(['warm', 'f', '--json', '--per-second', '50']);
    expect(JSON.parse(first.out)).toMatchObject({ total: 2, made: 2, present: 0, failed: 0 });
    expect(first).toMatchObject({ exitCode: 0, calls: 2 });
    // Redis has a tenth of a second for each command, which a loaded machine may miss; what was lost is made again.
    let again = await command(['warm', 'f', '--per-second', '50']);
    for (let attempt = 0; attempt < 8 && again.calls > 0; attempt += 1) again = await command(['warm', 'f']);
    expect(again.out).toContain('2 requests: 0 made, 2 were there');
    expect(again).toMatchObject({ exitCode: 0, calls: 0, served: 'cache' });
  }, 120_000);

  it('warm ends at its budget, and says how to go on', async () => {
    const { exitCode, err, calls } = await command(['warm', 'f', '--max-cost', '0.000000001']);
    expect({ exitCode, calls }).toEqual({ exitCode: 1, calls: 0 });
    expect(err).toContain('stopped (budget)');
    expect(err).toContain('Run the command again');
  }, 60_000);

  it('invalidate reaches what servers share, and stats tells that it is in use', async () => {
    await command(['warm', 'f', '--per-second', '50']);
    const stats = await command(['stats', '--json']);
    expect(JSON.parse(stats.out)).toMatchObject({ redis: { in_use: true, lost_writes: 0 } });
    const dropped = await command(['invalidate', '--all']);
    expect(dropped).toMatchObject({ exitCode: 0, served: 'bedrock' });
  }, 60_000);
});

describe('the progress of cache warm', () => {
  it('is drawn where a person reads', async () => {
    const stats = { shared: { inUse: true, lostWrites: 0, full: false } };
    const report = { total: 2, made: 2, present: 0, skipped: 0, failed: 0, cost: 1_000, failures: [] };
    const warm = (plan: WarmPlan) => {
      plan.onDone?.(0, 1);
      plan.onDone?.(1, 2);
      return Promise.resolve(report);
    };
    const { err, exitCode } = await run(['cache', 'warm', 'f'], {
      isTTY: true,
      readFile: () => Promise.resolve(two),
      cache: { stats: () => stats, warm },
    });
    expect(exitCode).toBe(0);
    expect(err).toContain('2/2');
  });
});
