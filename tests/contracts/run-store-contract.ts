import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Run, RunStore } from '../../src/jobs/run.js';

const nowMs = Date.now();
export const aRun = (overrides: Partial<Run> = {}): Run => ({
  id: 'job-1',
  owner: '["t","a"]',
  tool: 'bedrock_invoke',
  fingerprint: 'f',
  holder: 'me',
  leaseUntilMs: nowMs + 15_000,
  startedAtMs: nowMs,
  expiresAtMs: nowMs + 60_000,
  cancelRequested: false,
  ...overrides,
});

/** What every store of runs does. */
export function runStoreContract(name: string, open: () => Promise<RunStore>): void {
  describe(`${name} keeps runs`, () => {
    let store: RunStore;
    beforeEach(async () => {
      store = await open();
    });
    afterEach(() => store.close());

    it('once: who comes second gets the first', async () => {
      expect(await store.begin(aRun())).toBeUndefined();
      expect(await store.begin(aRun({ holder: 'other' }))).toEqual(aRun());
      expect(await store.find('job-1')).toEqual(aRun());
      expect(await store.find('job-2')).toBeUndefined();
    });

    it('once among many at the same time', async () => {
      const begun = await Promise.all(
        Array.from({ length: 20 }, (_, index) => store.begin(aRun({ holder: `holder-${index}` }))),
      );
      expect(begun.filter((found) => found === undefined)).toHaveLength(1);
    });

    it('with the outcome that their holder gave, and only the first', async () => {
      await store.begin(aRun());
      const end = { outcome: '{"a":"ü"}', endedAtMs: nowMs + 5, expiresAtMs: nowMs + 90_000 };
      await store.end('job-1', 'other', { ...end, outcome: '"wrong"' });
      await store.end('job-1', 'me', end);
      await store.end('job-1', 'me', { ...end, outcome: '"late"' });
      expect(await store.find('job-1')).toEqual({ ...aRun(), ...end });
    });

    it('for as long as their holder prolongs them', async () => {
      await store.begin(aRun());
      expect(await store.renew('job-1', 'me', nowMs + 40_000)).toBe('kept');
      expect((await store.find('job-1'))?.leaseUntilMs).toBe(nowMs + 40_000);
      expect(await store.renew('job-1', 'other', nowMs)).toBe('lost');
      expect(await store.renew('job-2', 'me', nowMs)).toBe('lost');
    });

    it('and tells their holder of a cancel', async () => {
      await store.begin(aRun());
      await store.requestCancel('job-1');
      await store.requestCancel('job-2');
      expect(await store.find('job-2')).toBeUndefined();
      expect((await store.find('job-1'))?.cancelRequested).toBe(true);
      expect(await store.renew('job-1', 'me', nowMs + 20_000)).toBe('cancel');
    });

    it('until they are dropped by their holder, unless they have ended', async () => {
      await store.begin(aRun());
      await store.drop('job-1', 'other');
      expect(await store.find('job-1')).toBeDefined();
      await store.drop('job-1', 'me');
      expect(await store.find('job-1')).toBeUndefined();
      await store.begin(aRun());
      await store.end('job-1', 'me', { outcome: '1', endedAtMs: nowMs, expiresAtMs: nowMs + 60_000 });
      await store.drop('job-1', 'me');
      expect((await store.find('job-1'))?.outcome).toBe('1');
    });

    it('until they expire', async () => {
      await store.begin(aRun({ id: 'job-old', expiresAtMs: nowMs - 1 }));
      expect(await store.find('job-old')).toBeUndefined();
    });
  });
}
