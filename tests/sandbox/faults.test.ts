import { ListFoundationModelsCommand } from '@aws-sdk/client-bedrock';
import { ConverseCommand, ConverseStreamCommand, type ConverseStreamOutput } from '@aws-sdk/client-bedrock-runtime';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { awsErrors } from '../../src/sandbox/aws-error.js';
import type { RecordedCall } from '../../src/sandbox/calls.js';
import { type FaultSpec, streamExceptions } from '../../src/sandbox/faults.js';
import { startTestSandbox, type TestSandbox } from '../support/sandbox.js';
import { controlClient, type HandlerName, handlers, type Json, runtimeClient, userText } from './clients.js';

const modelId = 'us.amazon.nova-lite-v1:0';
const question = { modelId, messages: userText('Will it break?') };
let sandbox: TestSandbox;

beforeAll(async () => {
  sandbox = await startTestSandbox();
});
afterEach(() => sandbox.control.reset());
afterAll(() => sandbox.close());

interface Seen {
  readonly events: readonly ConverseStreamOutput[];
  readonly error?: Error & { code?: string };
}

/** Everything the SDK hands on of a stream, and how it ended. */
async function readStream(
  client = runtimeClient(sandbox.url),
  abortSignal?: AbortSignal,
  events: ConverseStreamOutput[] = [],
): Promise<Seen> {
  try {
    const { stream } = await client.send(new ConverseStreamCommand(question), abortSignal ? { abortSignal } : {});
    for await (const event of stream ?? []) events.push(event);
    return { events };
  } catch (error) {
    return { events, error: error as Error };
  } finally {
    client.destroy();
  }
}

async function converse(handler: HandlerName = 'HTTP/1.1') {
  const client = runtimeClient(sandbox.url, handler);
  try {
    return await client.send(new ConverseCommand(question));
  } finally {
    client.destroy();
  }
}

const failure = (promise: Promise<unknown>): Promise<Json> =>
  promise.then(
    () => {
      throw new Error('it did not fail');
    },
    (error: unknown) => error,
  );

const protocols = Object.keys(handlers) as HandlerName[];

describe('HTTP errors as the SDK sees them', () => {
  const cases = protocols.flatMap((handler) =>
    Object.entries(awsErrors).map(([name, kind]) => ({ handler, name, kind })),
  );

  it.each(cases)('$name over $handler', async ({ handler, name, kind }) => {
    await sandbox.control.faults({ kind: 'error', name: name as keyof typeof awsErrors });
    const error = await failure(converse(handler));
    expect(error.name).toBe(name);
    expect(error.message).toBe(kind.message);
    expect(error.$metadata.httpStatusCode).toBe(kind.status);
  });

  it('carries Retry-After and a text of its own', async () => {
    await sandbox.control.faults({ kind: 'error', name: 'ThrottlingException', message: 'Slow', retryAfterSeconds: 2 });
    const error = await failure(converse());
    expect(error.message).toBe('Slow');
    expect(error.$response.headers['retry-after']).toBe('2');
  });

  it('carries what ModelErrorException says of the model', async () => {
    await sandbox.control.faults({ kind: 'error', name: 'ModelErrorException' });
    expect(await failure(converse())).toMatchObject({ originalStatusCode: 500, resourceName: 'sandbox-model' });
  });

  it('can have another status, and no name', async () => {
    await sandbox.control.faults({ kind: 'error', name: 'ThrottlingException', status: 503, nameless: true });
    expect(await failure(converse())).toMatchObject({ name: 'Unknown', $metadata: { httpStatusCode: 503 } });
    expect((await sandbox.control.calls()).at(-1)).toMatchObject({ error: 'ThrottlingException', status: 503 });
  });

  it('hits the control plane too', async () => {
    await sandbox.control.faults({ kind: 'error', name: 'AccessDeniedException', operation: 'ListFoundationModels' });
    const client = controlClient(sandbox.url);
    await expect(client.send(new ListFoundationModelsCommand({}))).rejects.toMatchObject({
      name: 'AccessDeniedException',
    });
    expect((await converse()).stopReason).toBe('end_turn');
  });
});

describe.each(protocols)('stream faults over %s', (handler) => {
  const stream = async (fault: FaultSpec): Promise<Seen> => {
    await sandbox.control.faults(fault);
    return readStream(runtimeClient(sandbox.url, handler));
  };

  it.each(streamExceptions)('%s after three events', async (name) => {
    const { events, error } = await stream({ kind: 'stream-exception', name, afterEvents: 3 });
    expect(events).toHaveLength(3);
    expect(error?.name.toLowerCase()).toBe(name.toLowerCase());
    expect(error?.message).toContain('told to fail here');
  });

  it('a connection cut between events is an error over HTTP/1.1, and unseen by the SDK over HTTP/2', async () => {
    const { events, error } = await stream({ kind: 'cut', afterEvents: 3 });
    expect(events.length).toBeLessThanOrEqual(3);
    if (handler === 'HTTP/1.1') expect(error).toMatchObject({ code: 'ECONNRESET' });
    expect(events.some((event) => event.messageStop)).toBe(false);
  });

  it('a connection cut before the answer', async () => {
    const { events, error } = await stream({ kind: 'cut-before' });
    expect(events).toEqual([]);
    expect(error).toBeDefined();
  });

  it('an early end looks like a normal one to the SDK', async () => {
    const { events, error } = await stream({ kind: 'end-early', afterEvents: 4 });
    expect(error).toBeUndefined();
    expect(events).toHaveLength(4);
  });

  it('an end before messageStop at the latest, however late it was ordered', async () => {
    const { events, error } = await stream({ kind: 'end-early', afterEvents: 100_000 });
    expect(error).toBeUndefined();
    expect(events.at(-1)?.contentBlockStop).toBeDefined();
  });

  it('half a frame is a truncated message', async () => {
    const { events, error } = await stream({ kind: 'half-frame', afterEvents: 2 });
    expect(events).toHaveLength(2);
    expect(error?.message).toContain('Truncated');
  });

  it('a reset in a frame loses the rest', async () => {
    const { events, error } = await stream({ kind: 'reset', afterEvents: 2 });
    expect(events.some((event) => event.messageStop)).toBe(false);
    if (handler === 'HTTP/1.1') expect(error).toBeDefined();
  });

  it('a broken checksum is found', async () => {
    const { events, error } = await stream({ kind: 'bad-crc', afterEvents: 2 });
    expect(events).toHaveLength(2);
    expect(error?.message).toMatch(/checksum/i);
  });

  it('an event of an unknown kind does no harm', async () => {
    const { events, error } = await stream({ kind: 'unknown-event', afterEvents: 2 });
    expect(error).toBeUndefined();
    expect(events.at(-1)?.metadata).toBeDefined();
  });

  it('an empty stream has no events', async () => {
    expect(await stream({ kind: 'empty-body' })).toEqual({ events: [] });
  });

  it('a giant stream goes on and on', async () => {
    const { events, error } = await stream({ kind: 'giant-body', bytes: 1_000_000 });
    expect(error).toBeUndefined();
    const size = events.reduce((sum, event) => sum + (event.contentBlockDelta?.delta?.text?.length ?? 0), 0);
    expect(size).toBeGreaterThanOrEqual(1_000_000);
  });

  it.each<FaultSpec>([{ kind: 'hang' }, { kind: 'stall', afterEvents: 3 }, { kind: 'slow-drip', bytesPerSecond: 20 }])(
    '$kind lasts until the client gives up, and is recorded as aborted',
    async (fault) => {
      await sandbox.control.faults(fault);
      const client = new AbortController();
      const events: ConverseStreamOutput[] = [];
      const reading = readStream(runtimeClient(sandbox.url, handler), client.signal, events);
      const expected = fault.kind === 'stall' ? 3 : 0;
      await recorded((call) => call.fault === fault.kind && (fault.kind !== 'slow-drip' || call.bytesSent > 2));
      while (events.length < expected) await new Promise((resolve) => setTimeout(resolve, 5));
      client.abort();
      const { error } = await reading;
      // The SDK's HTTP/2 handler ends an aborted stream as if it were complete.
      if (handler === 'HTTP/1.1' || fault.kind === 'hang') expect(error).toBeDefined();
      expect(events).toHaveLength(expected);
      const call = await recorded((entry) => entry.durationMs !== undefined);
      expect(call).toMatchObject({ aborted: true, fault: fault.kind });
    },
  );
});

/** Waits, within bounds, until the last recorded call is as wanted. */
async function recorded(wanted: (call: RecordedCall) => boolean): Promise<RecordedCall> {
  for (let attempt = 0; attempt < 400; attempt += 1) {
    const call = (await sandbox.control.calls()).at(-1);
    if (call && wanted(call)) return call;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error('the call was not recorded so within four seconds');
}

describe('faults of whole answers', () => {
  const send = async (fault: FaultSpec): Promise<Json> => {
    await sandbox.control.faults(fault);
    return converse();
  };

  it.each<[FaultSpec, RegExp]>([
    [{ kind: 'cut-before' }, /socket hang up/],
    [{ kind: 'cut' }, /aborted/],
    [{ kind: 'reset' }, /aborted|ECONNRESET/],
    [{ kind: 'malformed-json' }, /JSON/],
    [{ kind: 'html-error' }, /JSON/],
  ])('%j', async (fault, message) => {
    await expect(send(fault)).rejects.toThrow(message);
  });

  it('an HTML page keeps its status', async () => {
    await sandbox.control.faults({ kind: 'html-error' });
    expect((await failure(converse())).$metadata.httpStatusCode).toBe(502);
  });

  it.each<FaultSpec>([{ kind: 'empty-body' }, { kind: 'empty-object' }])(
    '%j passes the SDK with nothing in it',
    async (fault) => {
      expect((await send(fault)).output).toBeUndefined();
    },
  );

  it('a giant body is as large as it was ordered', async () => {
    const answer = await send({ kind: 'giant-body', bytes: 2_000_000 });
    expect(JSON.stringify(answer.output ?? {}).length).toBeGreaterThan(2_000_000 - 1);
  });

  it('a wrong content type is sent as such', async () => {
    await sandbox.control.faults({ kind: 'wrong-content-type' });
    const client = runtimeClient(sandbox.url);
    let type: string | undefined;
    client.middlewareStack.add(
      (next) => async (args) => {
        const result = await next(args);
        type = (result.response as { headers: Record<string, string> }).headers['content-type'];
        return result;
      },
      { step: 'deserialize' },
    );
    await client.send(new ConverseCommand(question));
    expect(type).toBe('text/plain');
  });

  it('bad usage reaches the client as it was ordered', async () => {
    const usage = { inputTokens: -5, outputTokens: 1e30, totalTokens: null };
    const answer = await send({ kind: 'bad-usage', usage });
    expect(answer.usage).toMatchObject({ inputTokens: -5, outputTokens: 1e30 });
    expect(answer.usage.totalTokens).toBeUndefined();
  });

  it('a stall in a body lasts until the client gives up', async () => {
    await sandbox.control.faults({ kind: 'stall' });
    const client = runtimeClient(sandbox.url, 'HTTP/1.1', {
      requestHandler: new NodeHttpHandler({ socketTimeout: 100 }),
    });
    await expect(client.send(new ConverseCommand(question))).rejects.toBeDefined();
    expect(await recorded((call) => call.durationMs !== undefined)).toMatchObject({ aborted: true, fault: 'stall' });
  });

  it('a dripping body arrives whole in the end', async () => {
    expect((await send({ kind: 'slow-drip', bytesPerSecond: 1_000_000 })).stopReason).toBe('end_turn');
  });
});

describe('which calls a fault hits', () => {
  const outcome = () =>
    converse().then(
      () => 'ok',
      (error: Error) => error.name,
    );

  it('goes through the faults in order, each as often as its count says', async () => {
    await sandbox.control.faults(
      { kind: 'error', name: 'ThrottlingException', count: 2 },
      { kind: 'error', name: 'InternalServerException', count: 1 },
    );
    const outcomes = [await outcome(), await outcome(), await outcome(), await outcome()];
    expect(outcomes).toEqual(['ThrottlingException', 'ThrottlingException', 'InternalServerException', 'ok']);
  });

  it.each([
    [{ model: 'amazon.nova-lite-v1:0' }, true],
    [{ model: 'us.amazon.nova-lite-v1:0' }, true],
    [{ model: 'eu.amazon.nova-lite-v1:0' }, false],
    [{ region: 'us-east-1' }, true],
    [{ region: 'us-west-2' }, false],
    [{ operation: 'Converse' as const }, true],
    [{ operation: 'ConverseStream' as const }, false],
  ])('matches %j: %s', async (match, hits) => {
    await sandbox.control.faults({ kind: 'error', name: 'ModelTimeoutException', ...match });
    expect(await outcome()).toBe(hits ? 'ModelTimeoutException' : 'ok');
  });

  it('keeps a stream fault for a stream', async () => {
    await sandbox.control.faults({ kind: 'bad-crc', count: 1 });
    expect(await outcome()).toBe('ok');
    expect((await readStream()).error?.message).toMatch(/checksum/i);
  });

  it('hits by chance with the given probability', async () => {
    const draws = [0.1, 0.9, 0.2];
    const own = await startTestSandbox({ random: { next: () => draws.shift() ?? 1, id: () => 'id' } });
    await own.control.faults({ kind: 'error', name: 'ConflictException', probability: 0.5 });
    const client = runtimeClient(own.url);
    const outcomes = [];
    for (let call = 0; call < 3; call += 1) {
      outcomes.push(
        await client.send(new ConverseCommand(question)).then(
          () => 'ok',
          (error: Error) => error.name,
        ),
      );
    }
    expect(outcomes).toEqual(['ConflictException', 'ok', 'ConflictException']);
    await own.close();
  });

  it('lists faults with their hits and clears them', async () => {
    await sandbox.control.faults({ kind: 'error', name: 'ConflictException', count: 5 });
    await outcome();
    expect(await sandbox.control.send('GET', 'faults')).toMatchObject({
      faults: [{ kind: 'error', count: 5, hits: 1 }],
    });
    await sandbox.control.clearFaults();
    expect(await outcome()).toBe('ok');
  });
});
