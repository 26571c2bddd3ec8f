import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { modelRequest } from '../../src/core/request.js';
import { isPrivateHost } from '../../src/resilience/private-host.js';
import { startApplication, withoutJitter } from './application.js';

/** An OpenAI-compatible server that answers as it is told and remembers what it was asked. */
async function startChatServer(answer: () => { status: number; body: string } | 'hang') {
  const asked: { url: string | undefined; body: Record<string, unknown> }[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    asked.push({ url: request.url, body: JSON.parse(Buffer.concat(chunks).toString()) as Record<string, unknown> });
    const given = answer();
    if (given !== 'hang') response.writeHead(given.status).end(given.body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const close = () => {
    server.closeAllConnections();
    server.close();
  };
  return { url: `http://127.0.0.1:${port}/v1`, asked, close };
}

const completion = {
  choices: [{ message: { role: 'assistant', content: 'local words' }, finish_reason: 'stop' }],
  usage: { prompt_tokens: 4, completion_tokens: 2 },
};
const good = { status: 200, body: JSON.stringify(completion) };

describe('the local model', () => {
  const closing: (() => void | Promise<void>)[] = [];
  afterEach(async () => {
    for (const close of closing.splice(0).toReversed()) await close();
  });

  async function start(answer: Parameters<typeof startChatServer>[0], env: Record<string, string> = {}) {
    const chat = await startChatServer(answer);
    closing.push(chat.close);
    const local = { BEDROCK_LOCAL_MODEL_URL: chat.url, BEDROCK_LOCAL_MODEL: 'tiny-llama' };
    const app = await startApplication({ ...local, ...env }, { random: withoutJitter });
    closing.push(() => app.close());
    return { app, chat };
  }
  const outage = { kind: 'error', name: 'ServiceUnavailableException' } as const;

  it('answers when all of Bedrock fails, says so, costs nothing and is not kept', async () => {
    const { app, chat } = await start(() => good, { BEDROCK_CACHE_TTL: '300' });
    await app.sandbox.control.faults(outage);
    const ask = { system: 'Be brief', temperature: 0, cache: 'default' };
    const { response, record } = await app.invoke(ask);
    expect(response).toMatchObject({
      source: 'local',
      content: [{ type: 'text', text: 'local words' }],
      stopReason: 'end_turn',
      served: { model: 'local.tiny-llama', region: 'local' },
      cost: { nanoUsd: 0 },
      usage: { inputTokens: 4, outputTokens: 2, estimated: false },
      notices: [expect.stringContaining('tiny-llama')],
    });
    expect(record.cost.nanoUsd).toBe(0);
    expect(record.attempts.at(-1)).toMatchObject({ outcome: 'succeeded', target: { region: 'local' } });
    expect(chat.asked[0]).toMatchObject({
      url: '/v1/chat/completions',
      body: { model: 'tiny-llama', stream: false, max_tokens: 50, messages: [{ role: 'system' }, { role: 'user' }] },
    });
    await app.sandbox.control.clearFaults();
    expect((await app.invoke(ask)).response.source).toBe('bedrock');
  });

  it.each([
    ['while Bedrock answers', undefined, {}],
    ['for a caller who wants no fallback', outage, { fallback: false }],
    ['for a mistake of the caller', { kind: 'error', name: 'ValidationException' } as const, {}],
    ['for a call over its cost limit', undefined, { max_cost_usd: 1e-9 }],
    [
      'for what it may not be able to do',
      outage,
      { tools: [{ name: 'x', description: 'x', input_schema: { type: 'object' } }] },
    ],
  ])('is not asked %s', async (_, fault, fields) => {
    const { app, chat } = await start(() => good);
    if (fault) await app.sandbox.control.faults(fault);
    await app.invoke(fields).catch(() => undefined);
    expect(chat.asked).toHaveLength(0);
  });

  it.each([
    ['refuses', { status: 500, body: 'secret detail' }],
    ['answers nonsense', { status: 200, body: '{}' }],
  ])('passes the failure of Bedrock on when it %s itself, and rests after a while', async (_, answer) => {
    const { app, chat } = await start(() => answer);
    // Moved on from at once, so that no time goes by with retries.
    await app.sandbox.control.faults({ kind: 'error', name: 'ModelTimeoutException' });
    for (let call = 0; call < 11; call += 1) {
      const error = await app.failure({ timeout_ms: 60_000 });
      expect(error).toMatchObject({ message: expect.not.stringContaining('secret') });
      expect(['timeout', 'model_unavailable']).toContain(error.category);
    }
    expect(chat.asked.length).toBeGreaterThanOrEqual(10);
    const { breakers } = await app.application.service.health(false);
    expect(breakers.find(({ target }) => target.region === 'local')?.state).not.toBe('closed');
  });

  it('answers a caller who is limited to some models only when it is one of them', async () => {
    const { app, chat } = await start(() => good);
    await app.sandbox.control.faults(outage);
    const ask = (...allowedModels: string[]) =>
      app.application.service.invoke(modelRequest.parse({ prompt: 'Hello there', cache: 'bypass' }), {
        tool: 'bedrock_invoke',
        caller: { id: 'limited', tenant: 't', allowedModels },
        signal: new AbortController().signal,
      });
    await expect(ask('nova-lite')).rejects.toMatchObject({ category: 'model_error' });
    expect(chat.asked).toHaveLength(0);
    expect((await ask('nova-lite', 'local.tiny-llama')).response.source).toBe('local');
  });

  it('ends with the call when it hangs', async () => {
    const { app } = await start(() => 'hang');
    await app.sandbox.control.faults(outage);
    expect(await app.failure({ timeout_ms: 1_500 })).toMatchObject({ category: 'timeout', reason: 'deadline' });
  });

  it('gets no data of an operator who names geographies, unless it is in the same network', async () => {
    const { app, chat } = await start(() => good, { BEDROCK_ALLOWED_GEOGRAPHIES: 'us' });
    await app.sandbox.control.faults(outage);
    expect((await app.invoke({})).response.source).toBe('local');
    expect(chat.asked).toHaveLength(1);
  });

  it.each([
    ['localhost', true],
    ['127.0.0.1', true],
    ['10.1.2.3', true],
    ['172.31.0.1', true],
    ['192.168.7.7', true],
    ['[::1]', true],
    ['[fd12::1]', true],
    ['ollama', true],
    ['llm.internal', true],
    ['172.32.0.1', false],
    ['8.8.8.8', false],
    ['api.example.com', false],
    ['localhost.example.com', false],
    ['[2001:db8::1]', false],
  ])('knows whether %s is private', (host, expected) => {
    expect(isPrivateHost(host)).toBe(expected);
  });
});
