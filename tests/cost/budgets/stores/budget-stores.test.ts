import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { systemClock } from '../../../../src/core/clock.js';
import { createRedisBudgetStore } from '../../../../src/cost/budgets/stores/redis-budget-store.js';
import { openSqliteBudgetStore } from '../../../../src/cost/budgets/stores/sqlite-budget-store.js';
import { createRedisConnection, type RedisConnection } from '../../../../src/storage/redis-connection.js';
import { budgetStoreContract } from '../../../contracts/budget-store-contract.js';
import { fakeClock } from '../../../support/fake-clock.js';
import { type RedisServer, startRedis } from '../../../support/redis-server.js';

budgetStoreContract('SQLite', async () => {
  const clock = fakeClock();
  const store = await openSqliteBudgetStore({ file: ':memory:', clock });
  return { store, pass: (ms) => clock.advance(ms) };
});

let server: RedisServer;
let redis: RedisConnection;
beforeAll(async () => {
  server = await startRedis();
  redis = createRedisConnection({ url: server.url, clock: systemClock, onServerEvent: () => undefined });
  while (!(await redis.run((commands) => commands.send('PING'), 5_000))) await systemClock.sleep(20);
});
afterAll(async () => {
  await redis.close();
  await server.stop();
});

let stores = 0;
budgetStoreContract('Redis', async () => {
  stores += 1;
  const patient: Pick<RedisConnection, 'run'> = { run: (work) => redis.run(work, 10_000) };
  const options = { redis: patient, nowMs: () => Date.now(), prefix: `test:{${stores}}:` };
  const store = createRedisBudgetStore({ ...options, ledgerId: 'one' });
  return { store, pass: (ms) => systemClock.sleep(ms) };
});

describe('two ledgers on one Redis', () => {
  it('each seeds its own part, and the limit holds for the sum', async () => {
    const options = { redis, nowMs: () => Date.now(), prefix: 'test:{two}:' };
    const one = createRedisBudgetStore({ ...options, ledgerId: 'one' });
    const other = createRedisBudgetStore({ ...options, ledgerId: 'other' });
    const lines = [{ counter: 'c', amount: 10, limit: 100 }];
    const seed = { counter: 'c', endsAtMs: Date.now() + 60_000, booked: [], open: [] };
    await one.seed({ ...seed, spent: 60 });
    expect(await other.hold('1', 60_000, lines)).toEqual({ outcome: 'unseeded', counters: ['c'] });
    await other.seed({ ...seed, spent: 35 });
    expect(await other.hold('1', 60_000, lines)).toMatchObject({ outcome: 'refused' });
    expect(await other.states(['c'])).toEqual([{ spent: 95, reserved: 0, own: 35 }]);
    await other.unseed('c', 35);
    expect(await one.states(['c'])).toEqual([{ spent: 60, reserved: 0, own: 60 }]);
  });
});

describe('a Redis that was emptied', () => {
  it('has another epoch, which all servers see', async () => {
    const options = { redis, nowMs: () => Date.now(), prefix: 'test:{epoch}:' };
    const one = createRedisBudgetStore({ ...options, ledgerId: 'one' });
    const other = createRedisBudgetStore({ ...options, ledgerId: 'other' });
    const before = await one.epoch();
    await server.command('FLUSHALL');
    const after = await other.epoch();
    expect(after).not.toBe(before);
    expect(await one.epoch()).toBe(after);
  });
});
