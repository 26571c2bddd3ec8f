import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { modelRequest } from '../../src/core/request.js';
import { startComposed } from '../support/composed.js';

const question = { prompt: 'Write a function that sorts a list.', task: 'code', cache: 'bypass' };

async function rateBadly({ service, invoke, options }: Awaited<ReturnType<typeof startComposed>>, model: string) {
  for (let index = 0; index < 8; index += 1) {
    const { record } = await invoke({ ...question, model, prompt: `${question.prompt} ${index}` });
    await service.feedback({ requestId: record.requestId, rating: 0 }, options.caller);
  }
}

describe('ratings', () => {
  it('move later requests to another model, and survive a restart', async () => {
    const dataDir = mkdtempSync(join(tmpdir(), 'kairos-feedback-'));
    const first = await startComposed({ BEDROCK_DATA_DIR: dataDir });
    const before = await first.service.route(modelRequest.parse(question));
    const model = before.candidates[0]?.target.model ?? '';
    await rateBadly(first, model);
    const qualityIn = (decision: typeof before) =>
      decision.candidates.find(({ target }) => target.model === model)?.parts.quality ?? 0;
    const learned = await first.service.route(modelRequest.parse(question));
    expect(learned.candidates[0]?.target.model).not.toBe(model);
    await first.close();
    expect(JSON.parse(readFileSync(join(dataDir, 'routing.json'), 'utf8'))).toMatchObject({ version: 1 });

    const second = await startComposed({ BEDROCK_DATA_DIR: dataDir });
    const after = await second.service.route(modelRequest.parse(question));
    expect(qualityIn(after)).toBeLessThan(qualityIn(before) - 0.05);
    await second.close();
    rmSync(dataDir, { recursive: true, force: true });
  });

  it('of an unknown request are refused', async () => {
    const { service, options, close } = await startComposed();
    await expect(service.feedback({ requestId: 'none', rating: 1 }, options.caller)).rejects.toMatchObject({
      category: 'validation',
    });
    await close();
  });
});

describe('a preview of the choice', () => {
  it('is what invoke does next, in several regions too', async () => {
    const { service, invoke, options, close } = await startComposed({ BEDROCK_REGIONS: 'us-east-1,us-west-2' });
    for (let index = 0; index < 12; index += 1) {
      const asked = { prompt: `What is ${index} plus one?`, cache: 'bypass' };
      const preview = await service.route(modelRequest.parse(asked), options.caller);
      const { response } = await invoke(asked);
      expect(response.served).toEqual(preview.candidates[0]?.target);
    }
    await close();
  });
});

describe('a shadow model', () => {
  it('is booked under its own tag while the caller hears nothing of it', async () => {
    const { service, invoke, close } = await startComposed({
      BEDROCK_SHADOW_MODEL: 'nova-pro',
      BEDROCK_SHADOW_SHARE: '1',
    });
    const { response, record } = await invoke({ prompt: 'Hello', cache: 'bypass' });
    expect(response.served.model).not.toBe('amazon.nova-pro-v1:0');
    expect(record.attempts).toHaveLength(1);
    const now = Date.now();
    const byTag = async () =>
      (await service.costReport({ fromMs: now - 60_000, toMs: now + 60_000, groupBy: 'tag' })).groups;
    for (let tries = 0; tries < 100 && !(await byTag()).some(({ key }) => key.includes('shadow')); tries += 1) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    expect((await byTag()).map(({ key }) => key).join()).toContain('shadow');
    await close();
  });
});
