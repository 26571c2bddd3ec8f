import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { type Composed, startComposed } from '../support/composed.js';
import { claude, nova } from './client-setup.js';

/* Arguments that Bedrock or the model has a place for, from bedrock_invoke down to the wire and back. */

let server: Composed;
let native: Composed;
beforeAll(async () => {
  server = await startComposed();
  native = await startComposed({ BEDROCK_NATIVE_FORMATS: 'always' });
});
afterEach(() => Promise.all([server.control.reset(), native.control.reset()]));
afterAll(() => Promise.all([server.close(), native.close()]));

const ask = (more: Record<string, unknown>, composed = server) =>
  composed.invoke({ prompt: 'Hello', model: claude.model, cache: 'bypass', fallback: false, ...more });
const sent = async (composed = server) =>
  JSON.parse((await composed.modelCalls())[0]?.requestBody ?? '{}') as Record<string, unknown>;

const novaPro = 'amazon.nova-pro-v1:0';

describe('optimized latency', () => {
  it('is asked for, used and paid for', async () => {
    const plain = await ask({ model: novaPro });
    await server.control.clearCalls();
    const { response, record } = await ask({ model: novaPro, latency: 'optimized' });
    expect(await sent()).toMatchObject({ performanceConfig: { latency: 'optimized' } });
    expect(response.usage).toMatchObject({ serviceTier: 'optimized' });
    expect(response.notices).toEqual([]);
    const perToken = ({ record: { cost }, response: { usage } }: typeof plain) => cost.nanoUsd / usage.totalTokens;
    expect(record.cost.estimated).toBe(false);
    // 1.00 and 4.00 in place of 0.80 and 3.20 USD per million tokens.
    expect(record.cost.nanoUsd).toBe(response.usage.inputTokens * 1_000 + response.usage.outputTokens * 4_000);
    expect(perToken({ record, response })).toBeGreaterThan(perToken(plain));
  });

  it('that was not to be had is told', async () => {
    await server.control.replies({ text: 'x', beside: { performanceConfig: { latency: 'standard' } } });
    const { response } = await ask({ model: novaPro, latency: 'optimized' });
    expect(response.notices).toEqual(['Served with standard latency, not optimized.']);
    expect(response.usage).not.toHaveProperty('serviceTier');
  });

  it('is left out for a model that has none', async () => {
    const { response } = await ask({ latency: 'optimized' });
    expect(await sent()).not.toHaveProperty('performanceConfig');
    expect(response.notices).toEqual([`\`latency\` was left out: ${claude.model} has no optimized latency.`]);
  });
});

it('a tier that costs more is paid for', async () => {
  const { response, record } = await ask({ model: nova.model, service_tier: 'priority' });
  const { inputTokens, outputTokens } = response.usage;
  // Nova Lite: 0.06 and 0.24 USD per million tokens, by 1.75.
  expect(record.cost).toMatchObject({
    nanoUsd: Math.ceil((inputTokens * 60 + outputTokens * 240) * 1.75),
    estimated: true,
  });
});

it('request metadata goes to the log of the account before tags do, sixteen pairs at most', async () => {
  const tags = Object.fromEntries(Array.from({ length: 16 }, (_, index) => [`tag${index}`, 'v']));
  await ask({ request_metadata: { project: 'atlas 7', tag0: 'mine' }, tags });
  const { requestMetadata } = (await sent()) as { requestMetadata: Record<string, string> };
  expect(requestMetadata).toMatchObject({ project: 'atlas 7', tag0: 'mine', tag1: 'v' });
  expect(Object.keys(requestMetadata)).toHaveLength(16);
});

describe('fields of the model itself', () => {
  it('go with those that this server sets, and before them', async () => {
    const fields = { anthropic_beta: ['context-1m-2025-08-07'], top_k: 7 };
    const { response } = await ask({ top_k: 5, additional_model_request_fields: fields });
    expect(await sent()).toMatchObject({ additionalModelRequestFields: fields });
    expect(response.notices).toEqual([]);
  });

  it('of one family are left out for another', async () => {
    const fields = { reasoning_config: 'high', metadata: { user_id: 'u' } };
    const { response } = await ask({ model: 'claude', additional_model_request_fields: fields });
    expect((await sent())['additionalModelRequestFields']).toEqual({ metadata: { user_id: 'u' } });
    expect(response.notices).toEqual([
      `\`additional_model_request_fields.reasoning_config\` was left out: it is not known as a field of ${response.served.model}.`,
    ]);
  });

  it('that nobody knows go to the model that was asked for by its id, which may refuse them', async () => {
    const refused = ask({ additional_model_request_fields: { brand_new: 1 } });
    await expect(refused).rejects.toMatchObject({
      category: 'validation',
      remedy: expect.stringContaining('additional_model_request_fields'),
    });
    expect(await sent()).toMatchObject({ additionalModelRequestFields: { brand_new: 1 } });
    await server.control.clearCalls();
    const { response } = await ask({ model: 'claude', additional_model_request_fields: { brand_new: 1 } });
    expect(response.notices.join()).toContain('brand_new');
    expect(await sent()).not.toHaveProperty('additionalModelRequestFields');
  });

  it('do not follow to a fallback model of another family', async () => {
    await server.control.faults({ kind: 'error', name: 'ServiceUnavailableException', model: claude.model, count: 20 });
    const { response } = await ask({ fallback: true, additional_model_request_fields: { metadata: { user_id: 'u' } } });
    const [first, ...others] = await server.modelCalls();
    expect(first?.requestBody).toContain('user_id');
    const foreign = others.filter(({ modelId = '' }) => !modelId.includes('anthropic.'));
    for (const call of foreign) expect(call.requestBody).not.toContain('user_id');
    expect(response.served.model).not.toBe(claude.model);
  });

  it('reach a native body too', async () => {
    await ask({ model: nova.model, additional_model_request_fields: { inferenceConfig: { topK: 9 } } }, native);
    expect(await sent(native)).toMatchObject({ inferenceConfig: { topK: 9, maxTokens: expect.any(Number) } });
  });

  it.each([
    ['max_tokens', { max_tokens: 100_000 }],
    ['maxTokens', { inferenceConfig: { maxTokens: 100_000 } }],
    ['maxTokenCount', { textGenerationConfig: { maxTokenCount: 9_000 } }],
    ['num_generations', { num_generations: 5 }],
    ['messages', { messages: [] }],
    ['System', { System: 'x' }],
  ])('must not set %s, on which limits stand', (name, fields) => {
    expect(() => ask({ additional_model_request_fields: fields })).toThrow(JSON.stringify(name).slice(1, -1));
  });
});

describe('fields of the answer of the model itself', () => {
  const paths = { stop_sequences: ['answering'], additional_model_response_field_paths: ['/stop_sequence'] };

  it('come back in the answer', async () => {
    const { response } = await ask(paths);
    expect(await sent()).toMatchObject({ additionalModelResponseFieldPaths: ['/stop_sequence'] });
    expect(response).toMatchObject({ stopReason: 'stop_sequence', additionalFields: { stop_sequence: 'answering' } });
  });

  it('come back when the model does not stream', async () => {
    const llama = 'meta.llama3-3-70b-instruct-v1:0';
    const tools = [{ name: 'now', description: 'Time.', input_schema: { type: 'object' } }];
    const { response } = await ask({ model: llama, tools, additional_model_response_field_paths: ['/stop_reason'] });
    expect(response.additionalFields).toEqual({ stop_reason: 'stop' });
  });

  it('come out of the cache with it', async () => {
    await ask({ ...paths, cache: 'default', prompt: 'Once' });
    const { response } = await ask({ ...paths, cache: 'default', prompt: 'Once' });
    expect(response).toMatchObject({ source: 'cache', additionalFields: { stop_sequence: 'answering' } });
  });

  it('are asked for through Converse wherever the model has it', async () => {
    const { response } = await ask(paths, native);
    expect(response.additionalFields).toEqual({ stop_sequence: 'answering' });
    expect((await native.modelCalls())[0]?.operation).toBe('ConverseStream');
  });

  it.each(['stop_sequence', '/', '/a~2b', `/${'x'.repeat(256)}`])('must be pointers: not %s', (path) => {
    expect(() => ask({ additional_model_response_field_paths: [path] })).toThrow();
  });
});
