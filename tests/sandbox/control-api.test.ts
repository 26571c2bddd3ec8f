import { request } from 'node:http';
import { connect } from 'node:net';
import { ConverseCommand, ConverseStreamCommand } from '@aws-sdk/client-bedrock-runtime';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { Clock } from '../../src/core/clock.js';
import { systemClock } from '../../src/core/clock.js';
import { startTestSandbox, type TestSandbox } from '../support/sandbox.js';
import { runtimeClient, userText } from './clients.js';

const modelId = 'us.amazon.nova-lite-v1:0';
const question = { modelId, messages: userText('Count me'), inferenceConfig: { maxTokens: 100 } };
let sandbox: TestSandbox;

beforeAll(async () => {
  sandbox = await startTestSandbox();
});
afterEach(() => sandbox.control.reset());
afterAll(() => sandbox.close());

async function ask(url = sandbox.url, region = 'us-east-1') {
  const client = runtimeClient(url, 'HTTP/1.1', { region });
  try {
    return await client.send(new ConverseCommand(question));
  } finally {
    client.destroy();
  }
}

const outcome = (url?: string, region?: string) =>
  ask(url, region).then(
    () => 'ok',
    (error: Error) => error.message,
  );

describe('limits', () => {
  const tooMany = 'Too many requests, please wait before trying again.';

  it('throttle requests for each region by itself, until time has passed', async () => {
    let offset = 0;
    const clock: Clock = { ...systemClock, nowMs: () => Date.now() + offset };
    const own = await startTestSandbox({ clock });
    await own.control.limits({ requestsPerMinute: 2 });
    const outcomes = [await outcome(own.url), await outcome(own.url), await outcome(own.url)];
    expect(outcomes).toEqual(['ok', 'ok', tooMany]);
    expect(await outcome(own.url, 'us-west-2')).toBe('ok');
    offset = 40_000;
    expect([await outcome(own.url), await outcome(own.url)]).toEqual(['ok', tooMany]);
    await own.close();
  });

  it('reserve input and max_tokens, and give back what was not used', async () => {
    const { usage } = await ask();
    const worst = (usage?.inputTokens ?? 0) + 100;
    await sandbox.control.limits({ model: 'amazon.nova-lite-v1:0', tokensPerMinute: worst + 1 });
    expect(await outcome()).toBe('ok');
    expect(await outcome()).toBe('Too many tokens, please wait before trying again.');
    await sandbox.control.limits({ model: modelId, tokensPerMinute: worst + (usage?.totalTokens ?? 0) });
    expect([await outcome(), await outcome()]).toEqual(['ok', 'ok']);
    await sandbox.control.send('DELETE', 'limits');
    expect(await sandbox.control.send('GET', 'limits')).toEqual({ limits: [] });
  });

  it('answer with status 429', async () => {
    await sandbox.control.limits({ tokensPerMinute: 1 });
    await expect(ask()).rejects.toMatchObject({ name: 'ThrottlingException', $metadata: { httpStatusCode: 429 } });
  });
});

describe('recorded calls', () => {
  it('tell everything about a call', async () => {
    await ask(undefined, 'us-west-2');
    const calls = await sandbox.control.calls();
    expect(calls).toEqual([
      {
        id: expect.any(String),
        atMs: expect.any(Number),
        protocol: 'http/1.1',
        operation: 'Converse',
        modelId,
        region: 'us-west-2',
        accessKeyId: sandbox.credentials.accessKeyId,
        status: 200,
        aborted: false,
        durationMs: expect.any(Number),
        bytesSent: expect.any(Number),
        eventsSent: 0,
        requestBody: JSON.stringify({ messages: question.messages, inferenceConfig: question.inferenceConfig }),
        usage: expect.objectContaining({ cacheReadInputTokens: 0 }),
      },
    ]);
    await sandbox.control.clearCalls();
    expect(await sandbox.control.calls()).toEqual([]);
  });

  it('count events, also over HTTP/2', async () => {
    const client = runtimeClient(sandbox.url, 'HTTP/2');
    const { stream } = await client.send(new ConverseStreamCommand(question));
    let events = 0;
    for await (const _ of stream ?? []) events += 1;
    expect((await sandbox.control.calls())[0]).toMatchObject({ protocol: 'h2c', eventsSent: events });
    client.destroy();
  });

  it('are kept in order up to the bound, with their bodies up to another', async () => {
    const own = await startTestSandbox({ recordedCalls: 3 });
    const client = runtimeClient(own.url);
    for (const text of ['a', 'b', 'c', 'd', `e${'x'.repeat(100_000)}`]) {
      await client.send(new ConverseCommand({ modelId, messages: userText(text) }));
    }
    const bodies = (await own.control.calls()).map((call) => call.requestBody);
    expect(bodies.map((body) => /"text":"(.)/.exec(body)?.[1])).toEqual(['c', 'd', 'e']);
    expect(bodies[2]?.length).toBe(16_384);
    await own.close();
  });
});

describe('latency', () => {
  /** Sleeps take no time but are noted. */
  function noting(): { clock: Clock; slept: number[] } {
    const slept: number[] = [];
    const sleep = (ms: number) => {
      slept.push(ms);
      return Promise.resolve();
    };
    return { clock: { ...systemClock, sleep }, slept };
  }

  it('is waited out before and between the tokens', async () => {
    const { clock, slept } = noting();
    const own = await startTestSandbox({ clock, latency: { firstTokenMs: 500, tokensPerSecond: 0 } });
    const { usage } = await ask(own.url);
    expect(slept).toEqual([500]);
    await own.control.latency({ firstTokenMs: 200, tokensPerSecond: 100 });
    await ask(own.url);
    expect(slept[1]).toBe(200 + (usage?.outputTokens ?? 0) * 10);
    const client = runtimeClient(own.url);
    const { stream } = await client.send(new ConverseStreamCommand(question));
    let deltas = 0;
    for await (const event of stream ?? []) deltas += event.contentBlockDelta ? 1 : 0;
    expect(slept.slice(2)).toEqual([200, ...Array.from({ length: deltas }, () => 30)]);
    await own.control.reset();
    expect(await own.control.send('GET', 'latency')).toEqual({ firstTokenMs: 500, tokensPerSecond: 0 });
    await own.close();
  });
});

describe('the control API itself', () => {
  const post = (route: string, body: string) => fetch(`${sandbox.url}/_sandbox/${route}`, { method: 'POST', body });

  it.each([
    ['faults', '{"kind":"explode"}', 400, 'kind'],
    ['faults', '{"kind":"error"}', 400, 'name'],
    ['faults', '{"kind":"stall","count":1,"probability":0.5}', 400, 'either count or probability'],
    ['faults', '[]', 400, ''],
    ['faults', 'not json', 400, 'not valid JSON'],
    ['replies', '{"txt":"x"}', 400, 'txt'],
    ['limits', '{}', 400, 'requestsPerMinute'],
    ['access', '{"model":"x"}', 400, 'access or lifecycle'],
    ['access', '{"model":"x","access":"denied"}', 400, 'no such model'],
    ['latency', '{"firstTokenMs":-1}', 400, 'firstTokenMs'],
    ['credentials', '{"add":{}}', 400, 'accessKeyId'],
    ['credentials', '{}', 400, 'give add, expire or remove'],
    ['clock', '', 400, ''],
    ['nothing', '{}', 404, 'faults, replies'],
    ['toString', '{}', 404, 'no such control route'],
    ['calls', '{}', 405, 'POST is not possible'],
  ])('refuses POST %s %s', async (route, body, status, words) => {
    const response = await post(route, body);
    expect(response.status).toBe(status);
    expect(((await response.json()) as { error: string }).error).toContain(words);
  });

  it('lists and clears what was set', async () => {
    await sandbox.control.replies({ text: 'x', count: 3 });
    await ask();
    expect(await sandbox.control.send('GET', 'replies')).toEqual({ replies: [{ text: 'x', count: 2 }] });
    expect(await sandbox.control.send('DELETE', 'replies')).toEqual({ replies: [] });
    await sandbox.control.access({ model: modelId, access: 'denied' });
    expect(await sandbox.control.send('GET', 'access')).toEqual({
      access: [{ model: 'amazon.nova-lite-v1:0', access: 'denied' }],
    });
    expect(await sandbox.control.send('DELETE', 'access')).toEqual({ access: [] });
    await sandbox.control.clock(5);
    expect(await sandbox.control.send('GET', 'clock')).toEqual({ offsetMs: 5 });
  });

  it.each([
    ['localhost:80', 200],
    ['127.0.0.1', 200],
    ['[::1]:9', 200],
    ['evil.example', 403],
    ['127.0.0.1.evil.example', 403],
  ])('answers Host %s with %d', async (host, status) => {
    const got = await new Promise<number | undefined>((resolve, reject) => {
      const { port } = sandbox.sandbox;
      request({ host: '127.0.0.1', port, path: '/_sandbox/calls', headers: { host } }, (response) => {
        response.resume();
        resolve(response.statusCode);
      })
        .on('error', reject)
        .end();
    });
    expect(got).toBe(status);
  });
});

describe('the listener', () => {
  it('understands a client that sends its first bytes one by one', async () => {
    const answer = await new Promise<string>((resolve, reject) => {
      const socket = connect(sandbox.sandbox.port, '127.0.0.1');
      socket.setNoDelay(true);
      socket.on('error', reject);
      socket.on('data', (chunk) => {
        resolve(chunk.toString());
        socket.destroy();
      });
      const letters = [...'PUT / HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\n\r\n'];
      const next = () => {
        const letter = letters.shift();
        if (letter !== undefined) socket.write(letter, () => setImmediate(next));
      };
      next();
    });
    expect(answer).toContain('404');
    expect(answer).toContain('x-amzn-errortype: UnknownOperationException');
  });

  it('refuses a body above its limit', async () => {
    const response = await fetch(`${sandbox.url}/model/x/converse`, {
      method: 'POST',
      body: Buffer.alloc(33 * 1_024 * 1_024),
    });
    expect(response.status).toBe(413);
    expect((await sandbox.control.calls())[0]).toMatchObject({ error: 'RequestEntityTooLargeException' });
  });

  it('ends calls in work when it is closed', async () => {
    const own = await startTestSandbox();
    await own.control.faults({ kind: 'stall', afterEvents: 1 });
    const client = runtimeClient(own.url);
    const { stream } = await client.send(new ConverseStreamCommand(question));
    const reading = (async () => {
      for await (const _ of stream ?? []);
    })();
    const failed = reading.then(
      () => 'ended',
      () => 'failed',
    );
    await own.close();
    expect(await failed).toBe('failed');
    await expect(fetch(own.url)).rejects.toThrow();
  });

  it('fails to start on a port that is taken', async () => {
    await expect(startTestSandbox({ port: sandbox.sandbox.port })).rejects.toThrow('EADDRINUSE');
  });
});
