import { describe, expect, it } from '@jest/globals';
import { createSingleFlight } from '../../src/caching/single-flight.js';
import { ServiceError } from '../../src/core/errors.js';

const tick = () => new Promise((resolve) => setImmediate(resolve));
const never = () => new AbortController().signal;

/** Work that ends when told to; counts how often it was begun. */
function manualWork() {
  const begun: { signal: AbortSignal; resolve: (value: string) => void; reject: (error: Error) => void }[] = [];
  const work = (signal: AbortSignal) =>
    new Promise<string>((resolve, reject) => {
      begun.push({ signal, resolve, reject });
    });
  return { begun, work };
}
const outcomes = async (runs: Promise<unknown>[]) => (await Promise.allSettled(runs)).map(({ status }) => status);

describe('single flight', () => {
  it('works once for a thousand, and again for the next', async () => {
    const flights = createSingleFlight<string>();
    const { begun, work } = manualWork();
    const runs = Array.from({ length: 1_000 }, () => flights.run('k', never(), work));
    await tick();
    expect(begun).toHaveLength(1);
    expect(flights.has('k')).toBe(true);
    begun[0]?.resolve('done');
    const landed = await Promise.all(runs);
    expect(landed.filter(({ joined }) => !joined)).toHaveLength(1);
    expect(landed.every(({ value }) => value === 'done')).toBe(true);
    expect(flights.has('k')).toBe(false);
    void flights.run('k', never(), work);
    await tick();
    expect(begun).toHaveLength(2);
  });

  it('lets the leader go without harm to the others', async () => {
    const flights = createSingleFlight<string>();
    const { begun, work } = manualWork();
    const leader = new AbortController();
    const first = flights.run('k', leader.signal, work);
    const second = flights.run('k', never(), work);
    leader.abort();
    await expect(first).rejects.toMatchObject({ category: 'cancelled' });
    expect(begun[0]?.signal.aborted).toBe(false);
    begun[0]?.resolve('done');
    expect(await second).toEqual({ value: 'done', joined: true });
  });

  it('ends the work when the last has left, each with its own reason, and later callers start anew', async () => {
    const flights = createSingleFlight<string>();
    const { begun, work } = manualWork();
    const [one, two] = [new AbortController(), new AbortController()];
    const first = flights.run('k', one.signal, work);
    const second = flights.run('k', two.signal, work);
    one.abort();
    two.abort(new ServiceError('timeout', 'late'));
    await expect(first).rejects.toMatchObject({ category: 'cancelled' });
    await expect(second).rejects.toMatchObject({ category: 'timeout' });
    expect(begun[0]?.signal.aborted).toBe(true);
    void flights.run('k', never(), work);
    await tick();
    expect(begun).toHaveLength(2);
  });

  it('lets one of those who wait take over after a failure that may pass', async () => {
    const flights = createSingleFlight<string>();
    const { begun, work } = manualWork();
    const runs = Array.from({ length: 10 }, () => flights.run('k', never(), work));
    const ended = outcomes(runs);
    await tick();
    begun[0]?.reject(new ServiceError('timeout', 'slow'));
    await tick();
    expect(begun).toHaveLength(2);
    begun[1]?.resolve('done');
    expect(await ended).toEqual(['rejected', ...Array.from({ length: 9 }, () => 'fulfilled')]);
  });

  it('shares the second failure, so that a thousand waiters are not a thousand calls', async () => {
    const flights = createSingleFlight<string>();
    const { begun, work } = manualWork();
    const runs = Array.from({ length: 10 }, () => flights.run('k', never(), work));
    const ended = outcomes(runs);
    await tick();
    begun[0]?.reject(new ServiceError('rate_limit', 'slow down'));
    await tick();
    begun[1]?.reject(new ServiceError('rate_limit', 'slow down'));
    expect(new Set(await ended)).toEqual(new Set(['rejected']));
    expect(begun).toHaveLength(2);
  });

  it.each([
    ['a failure that will not pass', new ServiceError('validation', 'bad')],
    ['a failure of this server', new Error('bug')],
  ])('shares %s', async (_, error) => {
    const flights = createSingleFlight<string>();
    const { begun, work } = manualWork();
    const ended = outcomes([flights.run('k', never(), work), flights.run('k', never(), work)]);
    await tick();
    begun[0]?.reject(error);
    expect(await ended).toEqual(['rejected', 'rejected']);
    expect(begun).toHaveLength(1);
  });

  it('refuses who comes cancelled, and is bounded', async () => {
    const flights = createSingleFlight<string>({ maxFlights: 1 });
    const { begun, work } = manualWork();
    await expect(flights.run('k', AbortSignal.abort(), work)).rejects.toMatchObject({ category: 'cancelled' });
    for (const key of ['a', 'b', 'b']) void flights.run(key, never(), work);
    await tick();
    expect(begun).toHaveLength(3);
    expect([flights.has('a'), flights.has('b')]).toEqual([true, false]);
  });
});
