import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Client } from '@modelcontextprotocol/sdk/client/index.js';
import {
  callTool,
  connectOverHttp,
  type HttpServerProcess,
  type InvokeResult,
  type ServerFolder,
  serverFolder,
  startHttpServer,
} from '../support/built-server.js';
import { until } from '../support/cache-replica.js';
import { type RedisServer, startRedis, stopAllRedis } from '../support/redis-server.js';
import { startTestSandbox, type TestSandbox } from '../support/sandbox.js';

/* Two processes of the built server in front of one Redis, with the stand-in for Bedrock behind them. */

interface Replica {
  readonly client: Client;
  readonly server: HttpServerProcess;
  readonly folder: ServerFolder;
}

interface RouteResult {
  readonly chosen: { readonly model: string };
  readonly candidates: readonly { readonly model: string; readonly score_parts: { readonly quality: number } }[];
}

const question = { prompt: 'What is the capital of France?', model: 'nova-lite' };

describe('two server processes that share a Redis', () => {
  let redis: RedisServer;
  let sandbox: TestSandbox;
  const replicas: Replica[] = [];

  const replica = async (): Promise<Replica> => {
    const folder = serverFolder({
      AWS_ENDPOINT_URL: sandbox.url,
      AWS_BEDROCK_REGION: 'us-east-1',
      AWS_BEDROCK_ACCESS_KEY_ID: sandbox.credentials.accessKeyId,
      AWS_BEDROCK_SECRET_ACCESS_KEY: sandbox.credentials.secretAccessKey,
      BEDROCK_REDIS_URL: redis.url,
      BEDROCK_MAX_CONCURRENT_REQUESTS: '1000',
      BEDROCK_FIRST_TOKEN_TIMEOUT: '60',
      BEDROCK_REQUEST_TIMEOUT: '120',
      BEDROCK_TOOLSETS: 'core,ops,sessions',
    });
    const server = await startHttpServer([], folder.env);
    const opened = { client: await connectOverHttp(server.url), server, folder };
    replicas.push(opened);
    return opened;
  };
  const ask = async ({ client }: Pick<Replica, 'client'>, more: object = {}): Promise<InvokeResult> => {
    const { result, isError, text } = await callTool<InvokeResult>(client, 'bedrock_invoke', { ...question, ...more });
    if (isError) throw new Error(text);
    return result;
  };
  const modelCalls = async (): Promise<number> =>
    (await sandbox.control.calls()).filter(({ operation }) => operation?.startsWith('Converse') === true).length;

  beforeAll(async () => {
    [redis, sandbox] = await Promise.all([startRedis(), startTestSandbox()]);
  });
  afterAll(() => Promise.all([sandbox.close(), stopAllRedis()]));
  beforeEach(async () => {
    await redis.command('FLUSHALL');
    await sandbox.control.reset();
  });
  afterEach(async () => {
    for (const { client, server, folder } of replicas.splice(0)) {
      await client.close().catch(() => undefined);
      server.process.kill('SIGKILL');
      folder.remove();
    }
  });

  it('hand over when the process that asks is killed', async () => {
    const [first, second] = [await replica(), await replica()];
    await sandbox.control.latency({ firstTokenMs: 60_000 });
    // Its client learns of the loss only when it gives up.
    ask(first).catch(() => undefined);
    await until(async () => (await modelCalls()) === 1);
    await sandbox.control.latency({ firstTokenMs: 10 });
    first.server.process.kill('SIGKILL');
    const startedAt = Date.now();
    expect((await ask(second)).source).toBe('bedrock');
    // A lease is six seconds long.
    expect(Date.now() - startedAt).toBeLessThan(20_000);
    expect(await modelCalls()).toBe(2);
  }, 90_000);

  it('tell each other what to drop', async () => {
    const [first, second] = [await replica(), await replica()];
    const asked = { tags: { document: 'a' } };
    await ask(first, asked);
    await until(async () => (await ask(second, asked)).source === 'cache');
    const { result } = await callTool(first.client, 'bedrock_cache', { action: 'invalidate', tag: 'document=a' });
    expect(result).toMatchObject({ entries: 1, dry_run: false });
    await until(async () => (await ask(second, asked)).source === 'bedrock');
  }, 60_000);

  it('learn from the ratings that the other was given', async () => {
    const [first, second] = [await replica(), await replica()];
    const asked = { prompt: 'Write a function that sorts a list.', task: 'code' };
    const preview = async () => {
      const { result } = await callTool<RouteResult>(second.client, 'bedrock_route', asked);
      return { model: result.chosen.model, quality: result.candidates[0]?.score_parts.quality ?? 0, result };
    };
    const before = await preview();
    for (let index = 0; index < 8; index += 1) {
      const more = { ...asked, prompt: `${asked.prompt} ${index}`, model: before.model, cache: 'bypass' };
      const { request_id } = await ask(first, more);
      const rated = await callTool(first.client, 'bedrock_feedback', { request_id, rating: 0 });
      expect(rated.isError).toBe(false);
    }
    await until(async () => (await preview()).model !== before.model, 40_000);
    const same = (await preview()).result.candidates.find(({ model }) => model === before.model);
    expect(same?.score_parts.quality ?? 0).toBeLessThan(before.quality);
  }, 60_000);
});
