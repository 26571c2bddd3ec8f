import { beforeEach, describe, expect, it } from '@jest/globals';
import { ServiceError } from '../../src/core/errors.js';
import type { JobContext, Kept } from '../../src/core/jobs.js';
import { createJobRunner } from '../../src/jobs/job-runner.js';
import type { RunStore } from '../../src/jobs/run.js';
import { createMemoryRunStore } from '../../src/jobs/stores/memory-run-store.js';
import { type FakeClock, fakeClock, fakeRandom } from '../support/fake-clock.js';
import { firstTarget } from '../support/fake-service.js';
import { silentLogger } from '../support/silent-logger.js';

/* Two servers over one store, in fake time. */

const caller = { id: 'a', tenant: 't' };
let clock: FakeClock;
let store: RunStore;

beforeEach(() => {
  clock = fakeClock();
  store = createMemoryRunStore({ clock });
});

const server = (seed: number, limits = {}) => {
  const random = fakeRandom(seed);
  return createJobRunner({
    store,
    clock,
    random: { ...random, id: () => `server${seed}-${random.id()}` },
    logger: silentLogger,
    ...limits,
  });
};
const untilAborted = ({ signal }: JobContext) =>
  new Promise<Kept>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)));
const once = { tool: 'bedrock_invoke', caller, key: 'k', request: { prompt: 'x', tags: { a: '1', b: '2' } } };
const signal = new AbortController().signal;

describe('a job', () => {
  it('tells what it does, and its result', async () => {
    const runner = server(1);
    let finish: (kept: Kept) => void = () => undefined;
    const { id } = await runner.start('bedrock_invoke', caller, ({ onEvent }) => {
      onEvent({ type: 'attempt-started', target: firstTarget, number: 1 });
      return new Promise((resolve) => (finish = resolve));
    });
    expect(await runner.find(id, caller)).toMatchObject({
      status: 'running',
      progress: expect.stringContaining('Asking'),
    });
    finish({ text: 'done' });
    await clock.advance(0);
    expect(await runner.find(id, caller)).toMatchObject({ status: 'succeeded', result: { text: 'done' } });
  });

  it('is cancelled from another server, within the time of a renewal', async () => {
    const [here, there] = [server(1), server(2)];
    const { id } = await here.start('bedrock_invoke', caller, untilAborted);
    await there.cancel(id, caller);
    expect(await there.find(id, caller)).toMatchObject({ status: 'running' });
    await clock.advance(3_000);
    await clock.advance(0);
    expect(await there.find(id, caller)).toMatchObject({ status: 'cancelled', error: { category: 'cancelled' } });
  });

  it('goes on for as long as its server lives', async () => {
    const { id } = await server(1).start('bedrock_invoke', caller, untilAborted);
    for (let waited = 0; waited < 60_000; waited += 3_000) await clock.advance(3_000);
    expect(await server(2).find(id, caller)).toMatchObject({ status: 'running' });
  });

  it('ends as a typed error when its server has died', async () => {
    const dead: RunStore = { ...store, renew: () => Promise.reject(new Error('dead')), end: async () => undefined };
    const runner = createJobRunner({ store: dead, clock, random: fakeRandom(1), logger: silentLogger });
    const { id } = await runner.start('bedrock_invoke', caller, untilAborted);
    await clock.advance(16_000);
    expect(await server(2).find(id, caller)).toMatchObject({
      status: 'failed',
      error: { category: 'internal', message: expect.stringContaining('lost when its server stopped') },
    });
  });

  it('keeps its outcome though the store was away for a moment', async () => {
    let failures = 2;
    const shaky: RunStore = {
      ...store,
      end: async (...args) => {
        failures -= 1;
        if (failures >= 0) throw new Error('away');
        await store.end(...args);
      },
    };
    const runner = createJobRunner({ store: shaky, clock, random: fakeRandom(1), logger: silentLogger });
    const { id } = await runner.start('bedrock_invoke', caller, async () => ({ text: 'x' }));
    for (let tries = 0; tries < 4; tries += 1) await clock.advance(1_000);
    expect(await runner.find(id, caller)).toMatchObject({ status: 'succeeded' });
  });

  it('is forgotten a day after its end', async () => {
    const runner = server(1);
    const { id } = await runner.start('bedrock_invoke', caller, async () => ({ text: 'x' }));
    await clock.advance(0);
    await clock.advance(86_400_001);
    await expect(runner.find(id, caller)).rejects.toMatchObject({ category: 'validation' });
  });

  it('is one of a bounded number, for each caller and in all', async () => {
    const runner = server(1, { maxRunning: 3, maxRunningOfCaller: 2 });
    const start = (id: string) => runner.start('bedrock_invoke', { id, tenant: 't' }, untilAborted);
    await Promise.all([start('a'), start('a')]);
    await expect(start('a')).rejects.toMatchObject({ category: 'rate_limit' });
    await start('b');
    await expect(start('c')).rejects.toMatchObject({ category: 'rate_limit' });
  });

  it('has its outcome kept before the store is closed', async () => {
    const runner = server(1);
    let finish: (kept: Kept) => void = () => undefined;
    const { id } = await runner.start('x', caller, () => new Promise((resolve) => (finish = resolve)));
    let kept: string | undefined;
    store.close = async () => {
      kept = (await store.find(id))?.outcome;
    };
    const closed = runner.close();
    finish({ text: 'x' });
    await closed;
    expect(kept).toContain('result');
  });

  it('needs a store that answers', async () => {
    const away: RunStore = { ...store, begin: () => Promise.reject(new Error('away')) };
    const runner = createJobRunner({ store: away, clock, random: fakeRandom(1), logger: silentLogger });
    await expect(runner.start('x', caller, untilAborted)).rejects.toMatchObject({ category: 'network' });
    await expect(runner.once({ ...once, signal }, async () => ({}))).rejects.toMatchObject({ category: 'network' });
  });
});

describe('one call of all with a key', () => {
  it('is made by one server of two, whoever of many asks', async () => {
    let calls = 0;
    const work = async (): Promise<Kept> => {
      calls += 1;
      await clock.sleep(1_000);
      return { answer: calls };
    };
    const servers = [server(1), server(2)];
    const asked = servers.flatMap((each) => Array.from({ length: 5 }, () => each.once({ ...once, signal }, work)));
    for (let waited = 0; waited < 2_000; waited += 100) await clock.advance(100);
    expect(await Promise.all(asked)).toEqual(Array.from({ length: 10 }, () => ({ answer: 1 })));
    expect(calls).toBe(1);
  });

  it('is the same however its arguments are ordered', async () => {
    const runner = server(1);
    await runner.once({ ...once, signal }, async () => ({ n: 1 }));
    const turned = { ...once, request: { tags: { b: '2', a: '1' }, prompt: 'x' }, signal };
    expect(await runner.once(turned, async () => ({ n: 2 }))).toEqual({ n: 1 });
  });

  it('is taken over when the first fails or is cancelled', async () => {
    const runner = server(1);
    const leaving = new AbortController();
    const first = runner.once({ ...once, signal: leaving.signal }, () =>
      clock.sleep(5_000, leaving.signal).then(() => ({})),
    );
    first.catch(() => undefined);
    await clock.advance(0);
    const second = runner.once({ ...once, signal }, async () => ({ n: 2 }));
    await clock.advance(200);
    leaving.abort(new ServiceError('cancelled', 'gone'));
    await expect(first).rejects.toMatchObject({ category: 'cancelled' });
    await clock.advance(200);
    await clock.advance(200);
    expect(await second).toEqual({ n: 2 });
  });

  it('is waited for within the time of the second call only', async () => {
    const runner = server(1);
    runner.once({ ...once, signal }, () => clock.sleep(50_000).then(() => ({}))).catch(() => undefined);
    await clock.advance(0);
    const second = runner.once({ ...once, signal, timeoutMs: 500 }, async () => ({}));
    second.catch(() => undefined);
    for (let waited = 0; waited < 1_000; waited += 200) await clock.advance(200);
    await expect(second).rejects.toMatchObject({ category: 'timeout' });
    const leaving = new AbortController();
    const third = runner.once({ ...once, signal: leaving.signal }, async () => ({}));
    third.catch(() => undefined);
    await clock.advance(0);
    leaving.abort();
    await expect(third).rejects.toMatchObject({ category: 'cancelled' });
  });

  it('is never made again when its server died in the middle of it', async () => {
    const dead: RunStore = { ...store, renew: () => Promise.reject(new Error('dead')) };
    const runner = createJobRunner({ store: dead, clock, random: fakeRandom(1), logger: silentLogger });
    runner.once({ ...once, signal }, () => clock.sleep(1e9).then(() => ({}))).catch(() => undefined);
    await clock.advance(16_000);
    let again = false;
    const second = server(2).once({ ...once, signal }, async () => {
      again = true;
      return {};
    });
    await expect(second).rejects.toMatchObject({ category: 'internal' });
    expect(again).toBe(false);
  });
});
