import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { systemClock } from '../../src/core/clock.js';
import { type Model, modelSchema } from '../../src/core/model.js';
import { loadCatalogue } from '../../src/models/catalogue/load-catalogue.js';
import { bedrockModels } from '../../tools/bedrock-models.js';
import { errorOf } from '../bedrock/client-setup.js';
import { type Composed, startComposed } from '../support/composed.js';

/* AWS lists models that the catalogue of this server does not have. */

const published = loadCatalogue();
const like = (id: string, changes: Partial<Model>): Model => {
  const row = published.models.find((model) => model.id === id);
  return modelSchema.parse({ ...row, profiles: {}, ...changes });
};
const news = [
  like('anthropic.claude-sonnet-5-5', {
    id: 'anthropic.claude-sonnet-9',
    name: 'Claude Sonnet 9',
    profiles: { us: 'us.anthropic.claude-sonnet-9' },
    requiresProfile: true,
  }),
  like('amazon.nova-micro-v1:0', { id: 'acme.poet-v1:0', name: 'Poet', provider: 'acme', requiresProfile: false }),
  like('amazon.titan-embed-text-v2:0', {
    id: 'acme.embed-v1',
    name: 'Acme Embed',
    provider: 'acme',
    requiresProfile: false,
  }),
];

describe('a model that only AWS knows', () => {
  let server: Composed;
  beforeAll(async () => {
    server = await startComposed(
      { BEDROCK_ALLOWED_GEOGRAPHIES: 'us' },
      { catalogue: { ...published, models: [...published.models, ...news] } },
    );
    await server.warm();
  });
  afterAll(() => server.close());

  const ask = (model: string, more: object = {}) =>
    server.invoke({ prompt: 'Hello', model, cache: 'bypass', fallback: false, ...more });
  const list = async (filter: object) => {
    const context = { ...server.options, clock: systemClock };
    const { structured, text } = await bedrockModels.handle(bedrockModels.input.parse(filter), server.service, context);
    expect(bedrockModels.output.safeParse(structured).error).toBeUndefined();
    return { models: (structured as { models: Record<string, unknown>[] }).models, text };
  };

  it('is answered by its id, through the profile that AWS lists, at a price that is an assumption', async () => {
    const { response, record } = await ask('acme.poet-v1:0');
    expect(response.served).toMatchObject({ model: 'acme.poet-v1:0', region: 'us-east-1' });
    expect(record.cost).toMatchObject({ estimated: true });
    expect(record.cost.nanoUsd).toBeGreaterThan(0);
    const { response: claude } = await ask('anthropic.claude-sonnet-9', { temperature: 0.5 });
    expect(claude.served).toMatchObject({ profile: 'us.anthropic.claude-sonnet-9' });
    // The rules go by the family: newer Claude takes no sampling arguments.
    expect(claude.notices.join()).toContain('temperature');
    expect((await ask('us.anthropic.claude-sonnet-9')).response.served.model).toBe('anthropic.claude-sonnet-9');
  });

  it('is refused where unknown prices are', async () => {
    const strict = await startComposed(
      { BEDROCK_UNKNOWN_PRICE: 'refuse' },
      { catalogue: { ...published, models: [...published.models, ...news] } },
    );
    await strict.warm();
    const error = await errorOf(strict.invoke({ prompt: 'Hello', model: 'acme.poet-v1:0', fallback: false }));
    expect(error.message).toContain('The price of acme.poet-v1:0 is not known');
    await strict.close();
  });

  it('is listed with what AWS says', async () => {
    const { models, text } = await list({ provider: 'acme' });
    expect(models).toMatchObject([
      {
        id: 'acme.poet-v1:0',
        name: 'Poet',
        kind: 'chat',
        origin: 'aws',
        regions: ['us-east-1'],
        modalities: { input: ['text'], output: ['text'] },
        capabilities: ['streaming'],
        lifecycle: { status: 'ACTIVE' },
        price: { assumed: true },
        availability: { callable: true, tool: 'bedrock_invoke' },
      },
      { id: 'acme.embed-v1', kind: 'embedding', origin: 'aws', availability: { callable: false } },
    ]);
    expect(text).toMatch(/acme\.poet-v1:0 \(Poet\) · ACTIVE · price unknown, .* · us-east-1 · known from AWS only/);
    const [claude] = (await list({ model: 'anthropic.claude-sonnet-9' })).models;
    expect(claude).toMatchObject({ family: 'claude', profiles: ['us.anthropic.claude-sonnet-9'] });
  });

  it('is never chosen', async () => {
    for (const optimize of ['cost', 'quality', 'speed', 'balanced'] as const) {
      const { candidates } = await server.service.route({ messages: [{ role: 'user', content: 'Hello' }], optimize });
      for (const { target } of candidates) expect(news.map(({ id }) => id)).not.toContain(target.model);
    }
  });

  it('is not the only one to be listed: models of other kinds say by which tool they are used', async () => {
    const { models, text } = await list({ capability: 'embedding' });
    expect(models.find(({ id }) => id === 'amazon.titan-embed-text-v2:0')).toMatchObject({
      kind: 'embedding',
      availability: { callable: true, tool: 'bedrock_embed' },
      regions: ['us-east-1'],
    });
    expect(text).toContain('amazon.titan-embed-text-v2:0 (Titan Text Embeddings V2) · embedding · ACTIVE');
    expect(text).toContain('use bedrock_embed');
    const [rerank] = (await list({ model: 'cohere.rerank-v3-5:0' })).models;
    expect(rerank).toMatchObject({
      kind: 'rerank',
      availability: { tool: 'bedrock_rerank' },
      price: { usd_per_query: 0.002 },
    });
    const [image] = (await list({ capability: 'image-edit' })).models;
    expect(image).toMatchObject({
      availability: { callable: false, reason: expect.stringContaining('no chat model') },
    });
  });
});

it('a model that only AWS knows is there for the first call, while AWS is still being asked', async () => {
  const server = await startComposed({}, { catalogue: { ...published, models: [...published.models, ...news] } });
  await server.warm();
  const { response } = await server.invoke({ prompt: 'Hello', model: 'acme.poet-v1:0', cache: 'bypass' });
  expect(response.served.model).toBe('acme.poet-v1:0');
  await server.close();
});
