import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Logger } from '../../src/core/ports.js';
import { openPosteriorFile } from '../../src/routing/posterior-file.js';
import { createQualityPosteriors } from '../../src/routing/quality-posteriors.js';
import { fakeClock } from '../support/fake-clock.js';

const arm = { model: 'm', task: 'code', level: 'simple' } as const;
let directory: string;
const warnings: string[] = [];
const logger: Logger = { debug: () => {}, info: () => {}, error: () => {}, warn: (message) => warnings.push(message) };

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'posteriors-'));
  warnings.length = 0;
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

async function opened(file = join(directory, 'deep', 'routing.json')) {
  const posteriors = createQualityPosteriors({ seed: 1 });
  const clock = fakeClock();
  return { posteriors, clock, file, kept: await openPosteriorFile({ file, posteriors, clock, logger }) };
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
});
