import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { InMemoryTransport } from '@modelcontextprotocol/sdk/inMemory.js';
import { ServiceError } from '../../src/core/errors.js';
import type { Caller } from '../../src/core/pipeline.js';
import { ask, caller, createFace, errorOf, newClient, textOf, until } from '../server/support/face.js';

/* Batches, jobs, idempotency keys, sessions and traces, through a real client over the real domains. */

let face: ReturnType<typeof createFace>;
let client: Client;
const open: Client[] = [];

async function connect(as: Caller): Promise<Client> {
  const other = newClient();
  const [clientSide, serverSide] = InMemoryTransport.createLinkedPair();
  await face.connector(as).connect(serverSide);
  await other.connect(clientSide);
  await other.listTools();
  open.push(other);
  return other;
}

beforeEach(async () => {
  face = createFace();
  client = await connect(caller);
});
afterEach(async () => {
  await Promise.all(open.splice(0).map((one) => one.close()));
});

const stranger = { id: 'stranger', tenant: 'default' };
type Structured = Record<string, unknown>;
const structuredOf = (result: { structuredContent?: unknown }) => result.structuredContent as Structured;

describe('bedrock_batch', () => {
  it('answers in the order of the requests, with one summary', async () => {
    const result = await ask(client, 'bedrock_batch', {
      requests: [{ id: 'a', prompt: 'one' }, { prompt: 'two' }],
      concurrency: 2,
    });
    expect(result.isError).toBeUndefined();
    expect(structuredOf(result)).toMatchObject({
      results: [
        { id: 'a', ok: true, result: { text: 'echo: one' } },
        { id: '1', ok: true, result: { text: 'echo: two' } },
      ],
      summary: { succeeded: 2, failed: 0, cost_usd: 0.00002469, usage: { total_tokens: 30 } },
    });
    expect(textOf(result)).toContain('2 succeeded, 0 failed');
    expect(face.service.invocations.map(({ options }) => options.priority)).toEqual(['batch', 'batch']);
  });

  it('tells what failed and begins no more after it, when told so', async () => {
    face.service.behaviour = { error: new ServiceError('model_error', 'It broke.') };
    const requests = [{ prompt: 'one' }, { prompt: 'two' }, { prompt: 'three' }];
    const stopped = await ask(client, 'bedrock_batch', { requests, concurrency: 1, stop_on_error: true });
    expect(structuredOf(stopped)).toMatchObject({
      results: [
        { id: '0', ok: false, error: { category: 'model_error' } },
        { id: '1', ok: false, error: { category: 'cancelled' } },
        { id: '2', ok: false, error: { category: 'cancelled' } },
      ],
      summary: { succeeded: 0, failed: 3 },
    });
    expect(face.service.invocations).toHaveLength(1);
    await ask(client, 'bedrock_batch', { requests, concurrency: 1 });
    expect(face.service.invocations).toHaveLength(4);
  });

  it('never runs more at once than asked for', async () => {
    let most = 0;
    let running = 0;
    const { invoke } = face.service;
    const slow: typeof invoke = async (request, options) => {
      running += 1;
      most = Math.max(most, running);
      await new Promise((resolve) => setTimeout(resolve, 5));
      running -= 1;
      return invoke(request, options);
    };
    const { createBatch } = await import('../../src/batch.js');
    Object.assign(face.service, { batch: createBatch(slow) });
    await ask(client, 'bedrock_batch', {
      requests: Array.from({ length: 9 }, () => ({ prompt: 'x' })),
      concurrency: 3,
    });
    expect(most).toBe(3);
  });

  it.each([
    [{ requests: [] }, 'at least 1'],
    [
      {
        requests: [
          { id: 'a', prompt: 'x' },
          { id: 'a', prompt: 'y' },
        ],
      },
      'the same id twice',
    ],
    [{ requests: [{ prompt: 'x' }, { prompt: 'y', max_tokens: 0 }] }, '`requests[1].max_tokens`'],
    [{ requests: [{ prompt: 'x', async: true }] }, 'async'],
    [{ requests: [{}] }, 'give `prompt` or `messages`'],
  ])('refuses %j', async (args, problem) => {
    const result = await ask(client, 'bedrock_batch', args);
    expect(errorOf(result)).toMatchObject({ category: 'validation', message: expect.stringContaining(problem) });
    expect(face.service.invocations).toHaveLength(0);
  });
});

async function startJob(args: Structured = { prompt: 'x' }): Promise<string> {
  const started = await ask(client, 'bedrock_invoke', { ...args, async: true });
  expect(started.isError).toBeUndefined();
  return String(structuredOf(started)['job_id']);
}

async function endOf(job_id: string): Promise<Structured> {
  for (;;) {
    const told = structuredOf(await ask(client, 'bedrock_job', { job_id }));
    if (told['status'] !== 'running') return told;
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

describe('bedrock_job', () => {
  it('gives the result of a call in the background, as the call would have given it', async () => {
    const job_id = await startJob();
    expect(await endOf(job_id)).toMatchObject({ status: 'succeeded', tool: 'bedrock_invoke' });
    const result = await ask(client, 'bedrock_job', { job_id, action: 'result' });
    expect(structuredOf(result)).toMatchObject({ result: { text: 'echo: x', request_id: 'request-1' } });
    expect(textOf(result)).toContain('echo: x');
  });

  it('survives the connection that started it', async () => {
    let release = () => {};
    face.service.behaviour = { gate: new Promise<void>((resolve) => (release = resolve)) };
    const job_id = await startJob();
    await client.close();
    release();
    client = await connect(caller);
    expect(await endOf(job_id)).toMatchObject({ status: 'succeeded' });
  });

  it('is cancelled on demand', async () => {
    face.service.behaviour = { hang: true };
    const job_id = await startJob();
    await until(() => face.service.invocations.length === 1, 'the job began');
    await ask(client, 'bedrock_job', { job_id, action: 'cancel' });
    expect(await endOf(job_id)).toMatchObject({ status: 'cancelled', error: { category: 'cancelled' } });
    expect(face.service.invocations[0]?.aborted).toBe(true);
  });

  it('fails with the error of the call', async () => {
    face.service.behaviour = { error: new ServiceError('quota', 'Used up.') };
    const job_id = await startJob();
    expect(await endOf(job_id)).toMatchObject({ status: 'failed', error: { category: 'quota' } });
    const result = await ask(client, 'bedrock_job', { job_id, action: 'result' });
    expect(errorOf(result)).toMatchObject({ category: 'quota', message: 'Used up.' });
  });

  it('does not exist for anybody else', async () => {
    const job_id = await startJob();
    const other = await connect(stranger);
    for (const action of ['status', 'result', 'cancel']) {
      const foreign = await ask(other, 'bedrock_job', { job_id, action });
      const unknown = await ask(other, 'bedrock_job', { job_id: 'job-none', action });
      expect(errorOf(foreign)['message']).toBe('There is no job of this id.');
      expect(errorOf(unknown)['message']).toBe(errorOf(foreign)['message']);
    }
    expect(await endOf(job_id)).toMatchObject({ status: 'succeeded' });
  });
});

describe('idempotency_key', () => {
  it('makes one call of two, one after the other or at once', async () => {
    const args = { prompt: 'x', idempotency_key: 'k' };
    const [first, second] = await Promise.all([
      ask(client, 'bedrock_invoke', args),
      ask(client, 'bedrock_invoke', args),
    ]);
    const third = await ask(client, 'bedrock_invoke', args);
    expect(second).toEqual(first);
    expect(third).toEqual(first);
    expect(face.service.invocations).toHaveLength(1);
  });

  it('stands for one request of one caller', async () => {
    await ask(client, 'bedrock_invoke', { prompt: 'x', idempotency_key: 'k' });
    const changed = await ask(client, 'bedrock_invoke', { prompt: 'y', idempotency_key: 'k' });
    expect(errorOf(changed)).toMatchObject({
      category: 'validation',
      message: expect.stringContaining('other arguments'),
    });
    const other = await connect(stranger);
    expect((await ask(other, 'bedrock_invoke', { prompt: 'y', idempotency_key: 'k' })).isError).toBeUndefined();
  });

  it('lets a failed call be made again', async () => {
    face.service.behaviour = { error: new ServiceError('rate_limit', 'Busy.') };
    expect((await ask(client, 'bedrock_invoke', { prompt: 'x', idempotency_key: 'k' })).isError).toBe(true);
    face.service.behaviour = {};
    expect((await ask(client, 'bedrock_invoke', { prompt: 'x', idempotency_key: 'k' })).isError).toBeUndefined();
  });

  it('gives the same job to a repeated call in the background', async () => {
    const first = await startJob({ prompt: 'x', idempotency_key: 'k' });
    expect(await startJob({ prompt: 'x', idempotency_key: 'k' })).toBe(first);
  });
});

describe('bedrock_session', () => {
  it('is created, extended, read, listed, shared and closed', async () => {
    const created = await ask(client, 'bedrock_session', { action: 'create', title: 'Plan', system: 'Be brief.' });
    const session_id = String(structuredOf(created)['session_id']);
    await ask(client, 'bedrock_session', { action: 'append', session_id, messages: [{ role: 'user', content: 'hi' }] });
    const read = structuredOf(await ask(client, 'bedrock_session', { action: 'get', session_id }));
    expect(read).toMatchObject({
      system: 'Be brief.',
      messages: [{ role: 'user', content: 'hi' }],
      session: { title: 'Plan', message_count: 1, owner: 'tester' },
    });
    const other = await connect(stranger);
    expect(errorOf(await ask(other, 'bedrock_session', { action: 'get', session_id }))).toMatchObject({
      message: 'There is no session of this id.',
    });
    await ask(client, 'bedrock_session', { action: 'share', session_id, with: ['stranger'] });
    expect((await ask(other, 'bedrock_session', { action: 'get', session_id })).isError).toBeUndefined();
    expect(structuredOf(await ask(other, 'bedrock_session', { action: 'list' }))).toMatchObject({
      sessions: [{ session_id, shared_with: ['stranger'] }],
    });
    expect(errorOf(await ask(other, 'bedrock_session', { action: 'close', session_id }))).toMatchObject({
      category: 'authorization',
    });
    await ask(client, 'bedrock_session', { action: 'close', session_id });
    expect((await ask(other, 'bedrock_session', { action: 'get', session_id })).isError).toBe(true);
    expect(structuredOf(await ask(client, 'bedrock_session', { action: 'list' }))).toMatchObject({ sessions: [] });
  });

  it.each([
    [{ action: 'get' }, 'needs `session_id`'],
    [{ action: 'append', session_id: 'x' }, 'needs `messages`'],
    [{ action: 'share', session_id: 'x' }, 'needs `with`'],
    [{ action: 'drop' }, 'must be one of create, get'],
  ])('refuses %j', async (args, problem) => {
    const result = await ask(client, 'bedrock_session', args);
    expect(errorOf(result)).toMatchObject({ category: 'validation', message: expect.stringContaining(problem) });
  });
});

describe('max_output_chars', () => {
  it('cuts the answer and links to the whole', async () => {
    const prompt = 'word '.repeat(100);
    const result = await ask(client, 'bedrock_invoke', { prompt, max_output_chars: 100 });
    const { text, notices } = structuredOf(result) as { text: string; notices: string[] };
    expect(text).toHaveLength(100);
    expect(notices.join()).toContain('cut to 100 of 506 characters');
    expect(result.content[1]).toMatchObject({ type: 'resource_link', uri: 'bedrock://answers/request-1' });
    expect(face.service.answers.find('request-1', caller)).toHaveLength(506);
    expect(face.service.answers.find('request-1', stranger)).toBeUndefined();
  });
});
