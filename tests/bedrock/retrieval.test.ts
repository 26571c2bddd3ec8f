import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { rerankBatches } from '../../src/bedrock/rerank.js';
import { embedRequest, rerankRequest } from '../../src/core/retrieval.js';
import { type Composed, startComposed } from '../support/composed.js';
import { errorOf } from './client-setup.js';

let server: Composed;
beforeAll(async () => {
  server = await startComposed({ BEDROCK_REGIONS: 'us-east-1,us-west-2' });
});
afterEach(() => server.control.reset());
afterAll(() => server.close());

function retrieval() {
  if (!server.service.retrieval) throw new Error('no retrieval');
  return server.service.retrieval;
}
const embed = (given: Record<string, unknown>) => retrieval().embed(embedRequest.parse(given), server.options);
const rerank = (given: Record<string, unknown>) => retrieval().rerank(rerankRequest.parse(given), server.options);
const spentToday = async () => {
  const nowMs = Date.now();
  const report = await server.service.costReport({ fromMs: nowMs - 86_400_000, toMs: nowMs + 1_000, groupBy: 'model' });
  return { ...report.totals, reserved: report.budgets[0]?.reserved };
};
const bodies = async () =>
  (await server.modelCalls()).map(({ requestBody }) => JSON.parse(requestBody) as Record<string, unknown>);

const texts = ['The weather in Bern is fine.', 'Stocks fell.', 'It rains in Bern.'];
const dot = (left: readonly number[], right: readonly number[]) =>
  left.reduce((sum, value, index) => sum + value * (right[index] ?? 0), 0);

/** Every embedding model of the catalogue but one whose vectors are of video, with its dimensions and calls for the texts. */
const embeddingModels = [
  ['amazon.titan-embed-text-v2:0', 1_024, 3],
  ['amazon.titan-embed-text-v1', 1_024, 3],
  ['amazon.titan-embed-g1-text-02', 1_024, 3],
  ['amazon.titan-embed-image-v1', 1_024, 3],
  ['amazon.nova-2-multimodal-embeddings-v1:0', 3_072, 3],
  ['cohere.embed-english-v3', 1_024, 1],
  ['cohere.embed-multilingual-v3', 1_024, 1],
  ['cohere.embed-v4:0', 1_024, 1],
] as const;

describe('embeddings', () => {
  it('of every model of the catalogue are tried here', async () => {
    const tried: readonly string[] = embeddingModels.map(([id]) => id);
    const all = await server.service.models({ capability: 'embedding' });
    expect(all.map(({ model }) => model.id).filter((id) => !tried.includes(id))).toEqual([
      'twelvelabs.marengo-embed-2-7-v1:0',
    ]);
  });

  it.each(embeddingModels)('of %s', async (model, dimensions, calls) => {
    const before = await spentToday();
    const { value, response, record } = await embed({ texts, model });
    expect(value.map(({ length }) => length)).toEqual([dimensions, dimensions, dimensions]);
    const [bern = [], stocks = [], rain = []] = value;
    expect(dot(bern, rain)).toBeGreaterThan(dot(bern, stocks));
    expect(response.usage).toMatchObject({ outputTokens: 0, estimated: false });
    expect(response.usage.inputTokens).toBeGreaterThan(5);
    expect(response.usage.totalTokens).toBe(response.usage.inputTokens);
    expect(response.served.model).toBe(model);
    expect(await server.modelCalls()).toHaveLength(calls);
    expect(record.attempts).toHaveLength(calls);
    const after = await spentToday();
    expect(record.cost.nanoUsd).toBeGreaterThan(0);
    expect(after.cost - before.cost).toBe(record.cost.nanoUsd);
    expect(after.calls - before.calls).toBe(1);
    expect(after.reserved).toBe(0);
  });

  it('come in the order of the texts, in as few calls as the model allows', async () => {
    const many = Array.from({ length: 200 }, (_, index) => `text number ${index}`);
    const { value, response } = await embed({ texts: many, model: 'cohere.embed-v4:0', dimensions: 256 });
    expect(value).toHaveLength(200);
    expect((await bodies()).map((body) => (body['texts'] as unknown[]).length).sort()).toEqual([8, 96, 96]);
    const [single] = (await embed({ texts: ['text number 150'], model: 'cohere.embed-v4:0', dimensions: 256 })).value;
    expect(value[150]).toEqual(single);
    expect(response.usage.estimated).toBe(false);
  });

  it('tell the model what they are for', async () => {
    await embed({ texts: ['a'], input_type: 'query', model: 'cohere.embed-v4:0' });
    await embed({ texts: ['a'], model: 'cohere.embed-v4:0' });
    await embed({ texts: ['a'], input_type: 'query', model: 'amazon.nova-2-multimodal-embeddings-v1:0' });
    expect(await bodies()).toMatchObject([
      { input_type: 'search_query' },
      { input_type: 'search_document' },
      { singleEmbeddingParams: { embeddingPurpose: 'TEXT_RETRIEVAL' } },
    ]);
  });

  it.each([
    [{ model: 'cohere.embed-english-v3', dimensions: 256 }, 'validation', '`dimensions`'],
    [{ model: 'amazon.nova-lite-v1:0' }, 'validation', 'No embedding model'],
    [{ model: 'twelvelabs.marengo-embed-2-7-v1:0' }, 'validation', 'turns no text'],
    [{ dimensions: 100 }, 'validation', ''],
    [{ max_cost_usd: 1e-12 }, 'budget_exceeded', 'max_cost_usd'],
  ])('are refused for %j', async (given, category, words) => {
    const error = await errorOf(embed({ texts, ...given }));
    expect(error.category).toBe(category);
    expect(error.message).toContain(words);
  });

  it('are tried again, and then in another region, and each try is told', async () => {
    await server.control.faults({ kind: 'error', name: 'InternalServerException', region: 'us-east-1', count: 20 });
    const { response, record } = await embed({ texts: ['a'] });
    expect(response.served.region).toBe('us-west-2');
    expect(record.attempts.filter(({ outcome }) => outcome === 'failed').length).toBeGreaterThan(0);
  });

  it('of a model that the caller may not use are refused before anything is sent', async () => {
    const caller = { ...server.options.caller, allowedModels: ['cohere.embed-v4:0'] };
    const as = (model: string) =>
      retrieval().embed(embedRequest.parse({ texts, model }), { ...server.options, caller });
    expect(await errorOf(as('amazon.titan-embed-text-v2:0'))).toMatchObject({ reason: 'model_not_allowed' });
    expect(await server.modelCalls()).toHaveLength(0);
    expect((await as('cohere.embed-v4:0')).value).toHaveLength(3);
  });

  it('end at once when the caller cancels, and when their time is over', async () => {
    await server.control.latency({ firstTokenMs: 60_000 });
    const cancel = new AbortController();
    const call = retrieval().embed(embedRequest.parse({ texts }), { ...server.options, signal: cancel.signal });
    setTimeout(() => cancel.abort(), 50);
    expect(await errorOf(call)).toMatchObject({ category: 'cancelled' });
    expect(await errorOf(embed({ texts, timeout_ms: 50 }))).toMatchObject({ category: 'timeout' });
    expect((await spentToday()).reserved).toBe(0);
  });

  it('that cannot be read are model_error', async () => {
    await server.control.faults({ kind: 'empty-body', count: 20 });
    expect(await errorOf(embed({ texts: ['a'] }))).toMatchObject({ category: 'model_error' });
  });
});

describe('rerank', () => {
  const documents = ['Stocks fell.', 'Weather in Bern', 'weather'];

  it.each([
    ['cohere.rerank-v3-5:0', 2_000_000],
    ['amazon.rerank-v1:0', 1_000_000],
  ])('by %s puts the most relevant first, at the price of a query', async (model, price) => {
    const { value, record } = await rerank({ query: 'weather in Bern', documents, model });
    expect(value.map(({ index }) => index)).toEqual([1, 2, 0]);
    expect(value[0]?.score).toBeGreaterThan(value[1]?.score ?? 1);
    expect(record.cost).toEqual({ nanoUsd: price, estimated: false });
    expect(Object.hasOwn((await bodies())[0] ?? {}, 'api_version')).toBe(model.startsWith('cohere'));
  });

  it('of many documents is one ranking, whose calls are each one query', async () => {
    const many = Array.from({ length: 250 }, (_, index) => (index === 222 ? 'weather in Bern' : `filler ${index}`));
    const { value, record } = await rerank({ query: 'weather in Bern', documents: many, top_n: 3 });
    expect(value).toHaveLength(3);
    expect(value[0]?.index).toBe(222);
    expect(record.cost.nanoUsd).toBe(3 * 2_000_000);
  });

  it('counts long documents as several', () => {
    const long = 'word '.repeat(20_000);
    expect(rerankBatches('q', [long, long, 'short']).map(({ length }) => length)).toEqual([1, 2]);
    expect(
      rerankBatches(
        'q',
        Array.from({ length: 101 }, () => 'x'),
      ).map(({ length }) => length),
    ).toEqual([100, 1]);
    expect(rerankBatches('q', [])).toEqual([]);
  });

  it('needs a model that can', async () => {
    expect(await errorOf(rerank({ query: 'q', documents, model: 'amazon.titan-embed-text-v2:0' }))).toMatchObject({
      category: 'validation',
      reason: 'unknown_model',
    });
  });
});
