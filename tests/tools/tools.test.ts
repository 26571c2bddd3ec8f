import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { InMemoryTransport } from '@modelcontextprotocol/sdk/inMemory.js';
import { newCallRecord } from '../../src/core/call-record.js';
import { ServiceError } from '../../src/core/errors.js';
import { ask, caller, createFace, errorOf, newClient, textOf } from '../server/support/face.js';
import { fakeClock } from '../support/fake-clock.js';
import { decision, firstTarget, secondTarget } from '../support/fake-service.js';

/* Every tool through a real client, which checks each answer against the published output schema. */

const clock = fakeClock({ startMs: Date.UTC(2026, 10, 25, 13, 30) });
let face: ReturnType<typeof createFace>;
let client: Client;

beforeEach(async () => {
  face = createFace({ clock });
  client = newClient();
  const [clientSide, serverSide] = InMemoryTransport.createLinkedPair();
  await face.connector(caller).connect(serverSide);
  await client.connect(clientSide);
  await client.listTools();
});
afterEach(() => client.close());

describe('bedrock_invoke', () => {
  it('gives answer, model, usage, cost and where it came from', async () => {
    const result = await ask(client, 'bedrock_invoke', { prompt: 'hello', max_tokens: 20, tags: { team: 'a' } });
    expect(result.isError).toBeUndefined();
    expect(result.structuredContent).toEqual({
      text: 'echo: hello',
      content: [{ type: 'text', text: 'echo: hello' }],
      tool_calls: [],
      stop_reason: 'end_turn',
      model: {
        used: 'amazon.nova-pro-v1:0',
        provider: 'amazon',
        region: 'us-east-1',
        profile: 'us.amazon.nova-pro-v1:0',
      },
      usage: {
        input_tokens: 10,
        output_tokens: 5,
        cache_read_tokens: 0,
        cache_write_tokens: 0,
        total_tokens: 15,
        estimated: false,
      },
      cost_usd: 0.000012345,
      latency_ms: 123,
      time_to_first_token_ms: 42,
      source: 'sandbox',
      cache: { hit: false },
      attempts: [{ model: 'amazon.nova-pro-v1:0', region: 'us-east-1', outcome: 'succeeded', latency_ms: 120 }],
      notices: [],
      request_id: 'request-1',
    });
    expect(face.service.invocations[0]).toMatchObject({
      request: { messages: [{ role: 'user', content: 'hello' }], max_tokens: 20, tags: { team: 'a' } },
      options: { tool: 'bedrock_invoke', caller },
    });
  });

  it('says the same in text, with one line about the call', async () => {
    const text = textOf(await ask(client, 'bedrock_invoke', { prompt: 'hello' }));
    expect(text).toBe(
      '<answer-request->\necho: hello\n</answer-request->\n\n[us.amazon.nova-pro-v1:0 in us-east-1 · $0.000012 · 10 in + 5 out tokens · 123 ms · ' +
        'SANDBOX: made by the stand-in, not by a model · request request-1]',
    );
  });

  it('tells of tool calls, notices, cache, routing and failed attempts', async () => {
    const failure = { category: 'rate_limit', message: 'slow down' } as const;
    face.service.behaviour = {
      response: {
        content: [{ type: 'tool_use', id: 't1', name: 'weather', input: { city: 'Oslo' } }],
        stopReason: 'tool_use',
        source: 'cache',
        served: secondTarget,
        notices: ['Served by a successor.'],
      },
      record: {
        decision: { ...decision, requestedModel: 'llama' },
        cacheHit: { tier: 'memory', saved: 5, ageMs: 2_000 },
        cost: { nanoUsd: 2_000_000_000, estimated: true },
        attempts: [{ target: firstTarget, number: 1, outcome: 'failed', failure, latencyMs: 9.6 }],
      },
    };
    const result = await ask(client, 'bedrock_invoke', { messages: [{ role: 'user', content: 'weather?' }] });
    expect(result.structuredContent).toMatchObject({
      tool_calls: [{ id: 't1', name: 'weather', input: { city: 'Oslo' } }],
      model: { requested: 'llama', used: 'meta.llama3-8b-instruct-v1:0', provider: 'meta', region: 'us-west-2' },
      cache: { hit: true, tier: 'memory' },
      attempts: [{ outcome: 'failed', category: 'rate_limit', latency_ms: 10 }],
      routing: { task: 'code', chosen: { model: 'amazon.nova-pro-v1:0' } },
      notices: ['Served by a successor.'],
    });
    const text = textOf(result);
    for (const part of [
      'tool call weather (t1): {"city":"Oslo"}',
      'about $2.00',
      'stopped by tool_use',
      'from the cache',
    ])
      expect(text).toContain(part);
    expect(text).toContain('Served by a successor.');
  });

  it('gives an error with its attempts and what to do', async () => {
    const error = new ServiceError('rate_limit', 'Every model is busy.', { retryAfterMs: 1_200.5 });
    const failure = { category: 'rate_limit', message: 'slow down' } as const;
    error.call = {
      ...newCallRecord('request-77'),
      attempts: [{ target: firstTarget, number: 1, outcome: 'failed', failure, latencyMs: 9.6 }],
    };
    face.service.behaviour = { error };
    const result = await ask(client, 'bedrock_invoke', { prompt: 'hello' });
    expect(result.isError).toBe(true);
    expect(errorOf(result)).toEqual({
      category: 'rate_limit',
      message: 'Every model is busy.',
      remedy: error.remedy,
      retryable: true,
      retry_after_ms: 1_201,
      request_id: 'request-77',
      attempts: [
        {
          model: 'amazon.nova-pro-v1:0',
          region: 'us-east-1',
          outcome: 'failed',
          category: 'rate_limit',
          latency_ms: 10,
        },
      ],
    });
    expect(textOf(result)).toBe(
      `rate_limit: Every model is busy.\n${error.remedy}\n(request_id request-77, retry_after_ms 1201)`,
    );
  });
});

describe('bedrock_feedback', () => {
  it('hands the rating on and tells what it counts for', async () => {
    const result = await ask(client, 'bedrock_feedback', { request_id: 'r-1', rating: 0.25, comment: 'wrong' });
    expect(face.service.ratings).toEqual([{ requestId: 'r-1', rating: 0.25, comment: 'wrong' }]);
    const told = { request_id: 'r-1', model: 'amazon.nova-pro-v1:0', task: 'code' };
    expect(result.structuredContent).toEqual(told);
  });

  it('refuses a rating beyond the scale', async () => {
    const result = await ask(client, 'bedrock_feedback', { request_id: 'r-1', rating: 2 });
    expect(result.isError).toBe(true);
  });
});

describe('bedrock_route', () => {
  const score_parts = { quality: 0.9, prior: 0.9, cost: 0.02, latency: 0.01, failure: 0, affinity: 0 };

  it('gives candidates in order, the choice and its reasons', async () => {
    const result = await ask(client, 'bedrock_route', { prompt: 'write code' });
    expect(result.structuredContent).toEqual({
      task: 'code',
      confidence: 0.82,
      complexity: { score: 0.4, level: 'medium' },
      optimize: 'balanced',
      strategy: 'balanced',
      policy_version: '1',
      alternatives: {},
      candidates: [
        {
          model: 'amazon.nova-pro-v1:0',
          region: 'us-east-1',
          profile: 'us.amazon.nova-pro-v1:0',
          rank: 1,
          score: 0.9,
          score_parts,
          estimated_cost_usd: 0.0012,
          expected_latency_ms: 800,
          healthy: true,
          reasons: ['good at code'],
        },
        {
          model: 'meta.llama3-8b-instruct-v1:0',
          region: 'us-west-2',
          rank: 2,
          score: 0.5,
          score_parts,
          healthy: false,
          reasons: ['cheap'],
        },
      ],
      chosen: { model: 'amazon.nova-pro-v1:0', region: 'us-east-1', profile: 'us.amazon.nova-pro-v1:0' },
      fallbacks: [{ model: 'meta.llama3-8b-instruct-v1:0', region: 'us-west-2' }],
      reasons: ['the prompt asks for code'],
      notices: [],
      decision_us: 91,
      input_tokens: 12,
      max_tokens: 4_096,
    });
    expect(textOf(result)).toContain(
      '2. meta.llama3-8b-instruct-v1:0 in us-west-2: price unknown, not healthy; quality 0.90, cost −0.02, latency −0.01; cheap',
    );
    expect(face.service.invocations).toHaveLength(0);
  });

  it('explains what was left out, and an empty choice', async () => {
    face.service.behaviour = { decision: { candidates: [] } };
    const result = await ask(client, 'bedrock_route', { prompt: 'write code', explain: true });
    expect(result.structuredContent).toMatchObject({ excluded: [{ model: 'ai21.j2-ultra-v1', reason: 'retired' }] });
    expect(result.structuredContent).not.toHaveProperty('chosen');
    expect(textOf(result)).toContain('No model can take this request.');
    expect(textOf(result)).toContain('left out ai21.j2-ultra-v1: retired');
  });

  it('checks messages as strictly as bedrock_invoke, although it publishes them in brief', async () => {
    const messages = [{ role: 'user', content: [{ type: 'image', format: 'png', data: '@@' }] }];
    const refused = errorOf(await ask(client, 'bedrock_route', { messages }));
    expect(refused['message']).toContain('`messages[0].content[0].data`: must be standard base64');
    expect(errorOf(await ask(client, 'bedrock_route', {}))['message']).toContain('give `prompt` or `messages`');
  });
});

it('bedrock_estimate gives tokens, cost and whether it fits', async () => {
  const result = await ask(client, 'bedrock_estimate', { prompt: 'hello' });
  expect(result.structuredContent).toEqual({
    model: 'amazon.nova-pro-v1:0',
    region: 'us-east-1',
    profile: 'us.amazon.nova-pro-v1:0',
    input_tokens: 12,
    max_output_tokens: 4_096,
    cost_usd: { expected: 0.002, worst_case: 0.013 },
    method: 'estimated',
    fits_budget: true,
    notices: ['Counted without the tokenizer of the model.'],
  });
  expect(textOf(result)).toContain('$0.002000 expected, $0.013000 at most');
});

describe('bedrock_models', () => {
  it('gives what is known of each model', async () => {
    const result = await ask(client, 'bedrock_models', { provider: 'amazon', status: 'active' });
    expect(face.service.modelFilters).toEqual([{ provider: 'amazon', status: 'ACTIVE' }]);
    expect(result.structuredContent).toEqual({
      models: [
        {
          id: 'amazon.nova-pro-v1:0',
          name: 'Nova Pro',
          provider: 'amazon',
          family: 'nova',
          kind: 'chat',
          profiles: ['us.amazon.nova-pro-v1:0'],
          regions: ['us-east-1'],
          context_window: 300_000,
          max_output: 10_000,
          modalities: { input: ['text', 'image'], output: ['text'] },
          capabilities: ['tools', 'system', 'streaming', 'caching'],
          lifecycle: { status: 'ACTIVE' },
          successors: [],
          price: { input_usd_per_million: 0.8, output_usd_per_million: 3.2, assumed: false, source: 'list' },
          availability: { callable: true },
          performance: { calls: 3, error_rate: 0, latency_ms: 700, time_to_first_token_ms: 100 },
        },
        {
          id: 'ai21.j2-ultra-v1',
          name: 'ai21.j2-ultra-v1',
          provider: 'ai21',
          family: 'jurassic2',
          kind: 'chat',
          profiles: [],
          regions: [],
          modalities: { input: ['text'], output: ['text'] },
          capabilities: [],
          lifecycle: { status: 'EOL', legacy: '2024-04-30', eol: '2025-03-12' },
          successors: ['ai21.jamba-1-5-large-v1:0'],
          availability: { callable: false, reason: 'retired by AWS' },
        },
      ],
    });
    expect(textOf(result)).toContain('ai21.j2-ultra-v1) · EOL · price unknown · not callable: retired by AWS');
  });

  it('says when nothing fits', async () => {
    expect(textOf(await ask(client, 'bedrock_models', { provider: 'nobody' }))).toBe('No model fits this filter.');
  });
});

describe('bedrock_cost_report', () => {
  it('gives totals, groups, series, budgets and forecast', async () => {
    const result = await ask(client, 'bedrock_cost_report', {});
    expect(face.service.costQueries).toEqual([
      { fromMs: Date.UTC(2026, 10, 25), toMs: Date.UTC(2026, 10, 26), groupBy: 'model' },
    ]);
    expect(result.structuredContent).toMatchObject({
      period: { from: '2026-11-25T00:00:00.000Z', to: '2026-11-26T00:00:00.000Z' },
      group_by: 'model',
      totals: { calls: 2, cost_usd: 2.5, cache_savings_usd: 0.0005, usage: { total_tokens: 15 } },
      groups: [{ key: 'amazon.nova-pro-v1:0', cost_usd: 1.5, usage: { input_tokens: 10 } }, { cost_usd: 1 }],
      series: [{ key: '2026-11-22T00' }],
      budgets: [
        {
          scope: 'daily',
          limit_usd: 5,
          spent_usd: 2.5,
          reserved_usd: 0.5,
          remaining_usd: 2,
          state: 'open',
          resets_at: '2026-11-23T00:00:00.000Z',
        },
        { scope: 'month', state: 'unlimited' },
      ],
      forecast: { cost_usd: 4 },
    });
    const text = textOf(result);
    for (const part of [
      '2 calls, $2.50',
      'budget month: no limit',
      'of $5.00, open',
      'forecast for the whole period: $4.00',
    ])
      expect(text).toContain(part);
  });

  it('gives the files of a report: CSV as its text, a chart as a picture beside the table', async () => {
    expect(textOf(await ask(client, 'bedrock_cost_report', { format: 'csv', group_by: 'tag' }))).toBe('csv by tag');
    const charted = await ask(client, 'bedrock_cost_report', { format: 'chart' });
    expect(charted.content).toMatchObject([
      { type: 'text', text: expect.stringContaining('2 calls, $2.50') },
      { type: 'image', mimeType: 'image/png', data: Buffer.from('picture').toString('base64') },
    ]);
    expect(face.service.costQueries.at(-1)).toMatchObject({ split: true });
  });

  it('asks for one group, its top spenders and single calls', async () => {
    const args = { group_by: 'caller', key: 'ann', top: 3, calls: 5, order: 'latest' };
    await ask(client, 'bedrock_cost_report', args);
    expect(face.service.costQueries.at(-1)).toMatchObject({
      groupBy: 'caller',
      key: 'ann',
      top: 3,
      calls: { order: 'latest', limit: 5 },
    });
  });

  it.each([
    [{ period: 'custom' }, 'needs `from`'],
    [{ period: 'today', from: '2026-11-01' }, 'custom only'],
    [{ to: '2026-11-01' }, '`to` needs `from`'],
    [{ from: 'yesterday' }, 'must be an ISO date'],
    [{ from: '2026-02-30' }, 'must be an ISO date'],
    [{ from: '2026-11-20', to: '2026-11-01' }, '`from` must lie before `to`'],
    [{ from: '2020-01-01', to: '2026-11-01' }, 'longer than 1100 days'],
    [{ group_by: 'moon' }, '`group_by`: must be one of model, provider'],
    [{ format: 'pie' }, '`format`: must be one of table, csv, chart'],
    [{ group_by: 'day', key: 'x' }, '`key` does not go with'],
    [{ order: 'latest' }, '`order` needs `calls`'],
  ])('refuses %j', async (args, problem) => {
    const refused = errorOf(await ask(client, 'bedrock_cost_report', args));
    expect(refused).toMatchObject({ category: 'validation', message: expect.stringContaining(problem) });
    expect(face.service.costQueries).toHaveLength(0);
  });

  it('takes a range of its own, with the last day whole', async () => {
    await ask(client, 'bedrock_cost_report', { from: '2026-11-01', to: '2026-11-02', group_by: 'day' });
    await ask(client, 'bedrock_cost_report', { period: 'custom', from: '2026-11-25T10:00:00Z' });
    expect(face.service.costQueries).toEqual([
      { fromMs: Date.UTC(2026, 10, 1), toMs: Date.UTC(2026, 10, 3), groupBy: 'day' },
      { fromMs: Date.UTC(2026, 10, 25, 10), toMs: clock.nowMs(), groupBy: 'model' },
    ]);
  });
});

it('bedrock_health gives checks, models and breakers', async () => {
  const result = await ask(client, 'bedrock_health', { deep: true });
  expect(result.structuredContent).toEqual({
    status: 'degraded',
    checks: [
      { name: 'credentials', status: 'healthy', detail: 'found', checked_at: '1970-01-01T00:00:00.000Z' },
      {
        name: 'cache',
        status: 'degraded',
        detail: 'Redis is away',
        remedy: 'Start Redis.',
        checked_at: '1970-01-01T00:00:01.000Z',
      },
    ],
    models: [
      {
        model: 'amazon.nova-pro-v1:0',
        region: 'us-east-1',
        profile: 'us.amazon.nova-pro-v1:0',
        calls: 3,
        error_rate: 0.33,
        latency_ms: 700,
        time_to_first_token_ms: 100,
      },
    ],
    breakers: [
      {
        model: 'amazon.nova-pro-v1:0',
        region: 'us-east-1',
        profile: 'us.amazon.nova-pro-v1:0',
        state: 'open',
        why: 'too many errors',
        retry_after_ms: 5_000,
      },
      { model: 'meta.llama3-8b-instruct-v1:0', region: 'us-west-2', state: 'closed' },
    ],
    version: '1.2.3',
    uptime_seconds: 12,
  });
  expect(textOf(result)).toContain('breaker us.amazon.nova-pro-v1:0@us-east-1: open, too many errors');
});
