import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Client } from '@modelcontextprotocol/sdk/client/index.js';
import {
  type CostReportResult,
  callTool,
  connectOverHttp,
  connectOverStdio,
  type HttpServerProcess,
  type InvokeResult,
  type ServerFolder,
  serverFolder,
  startHttpServer,
} from '../support/built-server.js';

/* The built server with its own sandbox, driven by the MCP SDK's client: what a user sees, end to end. */

interface EstimateResult {
  readonly cost_usd: { readonly expected: number; readonly worst_case: number };
}

const dailyLimit = { BEDROCK_DAILY_COST_LIMIT: '5' };

type Connect = (folder: ServerFolder) => Promise<{ client: Client; end: () => Promise<void> }>;

const overStdio: Connect = async (folder) => {
  const server = await connectOverStdio(['--sandbox'], folder.env);
  return { client: server.client, end: () => server.close() };
};

const overHttp: Connect = async (folder) => {
  const server: HttpServerProcess = await startHttpServer(['--sandbox'], folder.env);
  const client = await connectOverHttp(server.url);
  return {
    client,
    end: async () => {
      await client.close();
      expect(await server.stop()).toBe(0);
    },
  };
};

describe.each([
  ['stdio', overStdio],
  ['http', overHttp],
])('the main job over %s', (_, connect) => {
  let folder: ServerFolder;
  let client: Client;
  let end: () => Promise<void>;

  beforeAll(async () => {
    folder = serverFolder(dailyLimit);
    ({ client, end } = await connect(folder));
  });
  afterAll(async () => {
    await end();
    folder.remove();
  });

  it('introduces itself and lists its tools', async () => {
    expect(client.getServerVersion()).toMatchObject({ name: 'kairos-bedrock-mcp' });
    expect(client.getInstructions()).toContain('bedrock_invoke');
    const { tools } = await client.listTools();
    expect(tools.map((tool) => tool.name)).toEqual(
      expect.arrayContaining([
        'bedrock_invoke',
        'bedrock_route',
        'bedrock_models',
        'bedrock_estimate',
        'bedrock_cost_report',
        'bedrock_health',
      ]),
    );
  });

  it.each([
    ['code', 'Write a Python function that reverses a linked list.', 'anthropic'],
    ['reasoning', 'Prove step by step that the square root of two is irrational.', 'anthropic'],
    ['general', 'Write a short welcome message for a new colleague.', 'amazon'],
  ])('sends %s where it belongs and says why', async (task, prompt, provider) => {
    const { result, isError } = await callTool(client, 'bedrock_route', { prompt, task });
    expect(isError).toBe(false);
    expect(result).toMatchObject({
      task,
      chosen: { model: expect.stringContaining(provider) },
      fallbacks: expect.arrayContaining([expect.anything()]),
      reasons: expect.arrayContaining([expect.any(String)]),
    });
  });

  it('answers, names the sandbox as the source, and books what it cost', async () => {
    const before = await callTool<CostReportResult>(client, 'bedrock_cost_report', { period: 'today' });
    const { result, isError, text } = await callTool<InvokeResult>(client, 'bedrock_invoke', {
      prompt: 'What is the capital of France?',
      max_tokens: 200,
      tags: { team: 'search' },
    });
    expect(isError).toBe(false);
    expect(result).toMatchObject({ source: 'sandbox', stop_reason: 'end_turn', cache: { hit: false } });
    expect(text).toMatch(/sandbox/i);
    const { input_tokens = 0, output_tokens = 0, cache_read_tokens = 0, cache_write_tokens = 0 } = result.usage;
    expect(result.usage['total_tokens']).toBe(input_tokens + output_tokens + cache_read_tokens + cache_write_tokens);
    expect(result.cost_usd).toBeGreaterThan(0);
    expect(result.attempts).toMatchObject([{ outcome: 'succeeded' }]);
    const after = await callTool<CostReportResult>(client, 'bedrock_cost_report', { period: 'today', group_by: 'tag' });
    const spent = after.result.totals.cost_usd - before.result.totals.cost_usd;
    expect(spent).toBeCloseTo(result.cost_usd, 9);
    expect(after.result.budgets[0]).toMatchObject({ limit_usd: 5 });
    expect(JSON.stringify(after.result.groups)).toContain('search');
  });

  it('serves a retired model by its successor and says so', async () => {
    for (const model of ['Titan Text Express v1', 'anthropic.claude-3-5-sonnet-20241022-v2:0', 'Jurassic-2 Ultra']) {
      const { result, isError } = await callTool<InvokeResult>(client, 'bedrock_invoke', {
        prompt: 'Hello',
        model,
        max_tokens: 50,
      });
      expect(isError).toBe(false);
      expect(result.model.requested).toBe(model);
      expect(result.notices.join(' ')).toMatch(/retired/i);
    }
  });

  it('estimates before it spends', async () => {
    const { result } = await callTool<EstimateResult>(client, 'bedrock_estimate', { prompt: 'Hello', max_tokens: 100 });
    expect(result).toMatchObject({ method: 'estimated', fits_budget: true, max_output_tokens: 100 });
    expect(result.cost_usd.worst_case).toBeGreaterThanOrEqual(result.cost_usd.expected);
    expect(result.cost_usd.expected).toBeGreaterThan(0);
  });

  it('lists the models that can be called here', async () => {
    const { result } = await callTool<{ models: unknown[] }>(client, 'bedrock_models', {
      status: 'active',
      provider: 'anthropic',
    });
    expect(result.models.length).toBeGreaterThan(5);
    for (const model of result.models)
      expect(model).toMatchObject({ provider: 'anthropic', lifecycle: { status: 'ACTIVE' } });
  });

  it('is healthy', async () => {
    const { result } = await callTool(client, 'bedrock_health', { deep: true });
    expect(result).toMatchObject({
      status: 'healthy',
      checks: expect.arrayContaining([expect.objectContaining({ name: 'bedrock', status: 'healthy' })]),
    });
  });
});
