import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { systemClock } from '../../../src/core/clock.js';
import type { Logger } from '../../../src/core/ports.js';
import { createPosteriorSharing } from '../../../src/routing/posterior-sharing.js';
import { createQualityPosteriors } from '../../../src/routing/quality-posteriors.js';
import { createPosteriorFileStore } from '../../../src/routing/stores/posterior-file-store.js';
import { fakeClock } from '../../support/fake-clock.js';

const arm = { model: 'm', task: 'code', level: 'simple' } as const;
let directory: string;
const warnings: string[] = [];
const logger: Logger = { debug: () => {}, info: () => {}, error: () => {}, warn: (message) => warnings.push(message) };

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'posteriors-'));
  warnings.length = 0;
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

async function opened(file = join(directory, 'deep', 'routing.json'), clock = fakeClock()) {
  const posteriors = createQualityPosteriors({ seed: 1 });
  const kept = createPosteriorSharing({ store: createPosteriorFileStore({ file, clock, logger }), posteriors, clock });
  await kept.exchange();
  return { posteriors, clock, file, kept };
}

describe('the file of what was learned', () => {
  it('starts from the priors when there is none, without a warning, and writes nothing by itself', async () => {
    const { kept, posteriors } = await opened();
    await kept.close();
    expect(posteriors.mean(arm, 0.8)).toBe(0.8);
    expect(readdirSync(directory)).toEqual([]);
    expect(warnings).toEqual([]);
  });

  it('gives back after a restart what was learned before it', async () => {
    const first = await opened();
    first.posteriors.observe(arm, 0.8, 0, 1);
    first.kept.changed();
    await first.kept.close();
    const second = await opened();
    expect(second.posteriors.mean(arm, 0.8)).toBeCloseTo(first.posteriors.mean(arm, 0.8), 12);
    expect(readdirSync(join(directory, 'deep'))).toEqual(['routing.json']);
  });

  it('writes once for many changes, some seconds later', async () => {
    const { kept, posteriors, clock, file } = await opened();
    for (let index = 0; index < 100; index += 1) {
      posteriors.observe(arm, 0.8, 0, 1);
      kept.changed();
    }
    expect(clock.sleeps).toEqual([5_000]);
    expect(readdirSync(directory)).toEqual([]);
    await clock.advance(5_000);
    await kept.close();
    expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({ version: 1 });
  });

  it.each([
    ['no JSON', '{"version":1,'],
    ['another version', '{"version":9,"bias":{"count":0,"sum":0},"models":{}}'],
    ['wrong shape', '{"version":1,"bias":{"count":0,"sum":0},"models":{"m":{"counts":[1],"sums":[]}}}'],
    ['too long', `"${'x'.repeat(5_000_001)}"`],
  ])('with %s in it means a start from the priors, and a warning', async (_, text) => {
    const file = join(directory, 'routing.json');
    writeFileSync(file, text);
    const { posteriors, kept } = await opened(file);
    expect(posteriors.mean(arm, 0.8)).toBe(0.8);
    expect(warnings).toHaveLength(1);
    await kept.close();
    expect(readFileSync(file, 'utf8')).toBe(text);
  });

  it('that cannot be written is a warning, not an error', async () => {
    writeFileSync(join(directory, 'deep'), 'a file where the directory should be');
    const { kept } = await opened();
    warnings.length = 0;
    kept.changed();
    await kept.close();
    expect(warnings).toHaveLength(1);
  });

  it('holds what both of two processes learned that were open at the same time', async () => {
    const file = join(directory, 'deep', 'routing.json');
    // A clock that really waits, because one of them waits for the lock of the other.
    const clock = { ...fakeClock(), sleep: systemClock.sleep };
    const [one, other] = [await opened(file, clock), await opened(file, clock)];
    one.posteriors.observe(arm, 0.8, 0, 1);
    other.posteriors.observe({ ...arm, model: 'n' }, 0.8, 0.2, 1);
    one.kept.changed();
    other.kept.changed();
    await Promise.all([one.kept.close(), other.kept.close()]);
    const next = await opened();
    expect(next.posteriors.mean(arm, 0.8)).toBeLessThan(0.75);
    expect(next.posteriors.mean({ ...arm, model: 'n' }, 0.8)).toBeLessThan(0.76);
    expect(readdirSync(join(directory, 'deep'))).toEqual(['routing.json']);
  });

  it('is not written while another process holds it, and what was learned waits', async () => {
    const { file, posteriors, kept } = await opened();
    posteriors.observe(arm, 0.8, 0, 1);
    const clock = fakeClock({ autoAdvance: true, startMs: Date.now() });
    mkdirSync(join(directory, 'deep'));
    writeFileSync(`${file}.lock`, '');
    const store = createPosteriorFileStore({ file, clock, logger });
    const change = posteriors.snapshot();
    expect(await store.merge(change, 1)).toBeUndefined();
    expect(warnings).toHaveLength(1);
    // The holder died: from ten seconds on its lock counts no more.
    const late = fakeClock({ autoAdvance: true, startMs: Date.now() + 60_000 });
    expect(await createPosteriorFileStore({ file, clock: late, logger }).merge(change, 1)).toEqual(change);
    await kept.close();
  });
});
