import { Readable } from 'node:stream';
import {
  BedrockRuntimeClient,
  type BedrockRuntimeClientConfig,
  ConverseStreamCommand,
  InvokeModelWithResponseStreamCommand,
} from '@aws-sdk/client-bedrock-runtime';
import { describe, expect, it } from '@jest/globals';
import { HttpResponse } from '@smithy/core/protocols';
import fc from 'fast-check';
import { eventReader } from '../../src/bedrock/event-reader.js';
import { breakChecksum, encodeEvent, encodeException, encodeFrame } from '../../src/sandbox/event-stream.js';

type Call = (client: BedrockRuntimeClient) => Promise<AsyncIterable<unknown> | undefined>;

const converse: Call = async (client) =>
  (await client.send(new ConverseStreamCommand({ modelId: 'm', messages: [] }))).stream;
const invoke: Call = async (client) =>
  (await client.send(new InvokeModelWithResponseStreamCommand({ modelId: 'm', body: '{}' }))).body;

interface Outcome {
  readonly events: readonly unknown[];
  readonly error?: { readonly name: string; readonly message: string };
}

/** What the SDK's client makes of a body that arrives in these chunks. */
async function outcome(chunks: readonly Buffer[], config: BedrockRuntimeClientConfig, call = converse) {
  const body = Readable.from(chunks, { objectMode: true });
  const headers = { 'content-type': 'application/vnd.amazon.eventstream' };
  const client = new BedrockRuntimeClient({
    region: 'us-east-1',
    endpoint: 'http://127.0.0.1:9',
    credentials: { accessKeyId: 'a', secretAccessKey: 's' },
    maxAttempts: 1,
    requestHandler: { handle: async () => ({ response: new HttpResponse({ statusCode: 200, headers, body }) }) },
    ...config,
  });
  const events: unknown[] = [];
  try {
    for await (const event of (await call(client)) ?? []) events.push(event);
    return { outcome: { events } satisfies Outcome, body };
  } catch (thrown) {
    const { name, message } = thrown as Error;
    return { outcome: { events, error: { name, message } } satisfies Outcome as Outcome, body };
  }
}

const ours = (maxBytes = 1_000_000) => ({ eventStreamSerdeProvider: eventReader(maxBytes) });

/** Ours and the SDK's own. */
async function both(chunks: readonly Buffer[], call = converse): Promise<[Outcome, Outcome]> {
  const [own, sdk] = [await outcome(chunks, ours(), call), await outcome(chunks, {}, call)];
  return [own.outcome, sdk.outcome];
}

const delta = (given: object, contentBlockIndex: unknown = 0) =>
  encodeEvent('contentBlockDelta', { contentBlockIndex, delta: given, p: 'abcdef' });
const toolStart = { contentBlockIndex: 1, start: { toolUse: { toolUseId: 't1', name: 'look' } } };
const usage = { inputTokens: 12, outputTokens: 28, totalTokens: 40 };

const frames: readonly Buffer[] = [
  encodeEvent('messageStart', { role: 'assistant', p: 'ab' }),
  delta({ text: 'Grüezi 👋' }),
  delta({ text: '' }),
  delta({ reasoningContent: { text: 'hm' } }),
  delta({ reasoningContent: { redactedContent: Buffer.from('secret').toString('base64') } }),
  delta({ citation: { title: 'a', location: { web: { url: 'https://example.com' } } } }),
  encodeEvent('contentBlockStart', toolStart),
  delta({ toolUse: { input: '{"a":' } }, 1),
  delta({ toolUse: { input: '1}' } }, 1),
  encodeEvent('contentBlockStop', { contentBlockIndex: 1 }),
  encodeEvent('messageStop', { stopReason: 'end_turn' }),
  encodeEvent('metadata', { usage, metrics: { latencyMs: 12 } }),
];

describe('reads as the SDK does', () => {
  it('every kind of event', async () => {
    const [own, sdk] = await both(frames);
    expect(own).toEqual(sdk);
    expect(own.events).toHaveLength(frames.length);
    expect(own.events[1]).toEqual({ contentBlockDelta: { contentBlockIndex: 0, delta: { text: 'Grüezi 👋' } } });
  });

  it.each<[string, Buffer]>([
    ['a delta of a kind that is newer than the SDK', delta({ hologram: { x: 1 } })],
    ['a delta with a second member', delta({ text: 'a', hologram: 1 })],
    ['a delta without an index', encodeEvent('contentBlockDelta', { delta: { text: 'a' } })],
    ['a delta of null', encodeEvent('contentBlockDelta', { delta: null, contentBlockIndex: 0 })],
    ['a delta of a tool that is null', delta({ toolUse: null })],
    ['no delta', encodeEvent('contentBlockDelta', {})],
    ['an event of a kind that is newer than the SDK', encodeEvent('hologram', { x: 1 })],
    ['an empty payload', encodeFrame({ ':event-type': 'messageStop', ':message-type': 'event' }, Buffer.alloc(0))],
    [
      'a payload that is not JSON',
      encodeFrame({ ':event-type': 'messageStop', ':message-type': 'event' }, Buffer.from('{')),
    ],
    [
      'a header that it does not know',
      encodeFrame({ ':event-type': 'messageStop', ':message-type': 'event', other: 'ü' }, Buffer.from('{}')),
    ],
  ])('%s', async (_, frame) => {
    const [own, sdk] = await both([Buffer.concat([frames[0] as Buffer, frame, delta({ text: 'on' })])]);
    expect(own).toEqual(sdk);
  });

  it.each([
    'throttlingException',
    'modelStreamErrorException',
    'validationException',
    'serviceUnavailableException',
    'internalServerException',
    'modelTimeoutException',
    'hologramException',
  ])('%s in the middle of a stream', async (name) => {
    const [own, sdk] = await both([Buffer.concat([delta({ text: 'a' }), encodeException(name, { message: 'no' })])]);
    expect(own).toEqual(sdk);
    expect(own.events).toHaveLength(1);
    expect(own.error).toBeDefined();
  });

  it('an error that is no exception of the model', async () => {
    const headers = { ':message-type': 'error', ':error-code': 'InternalFailure', ':error-message': 'broken' };
    const [own, sdk] = await both([Buffer.concat([delta({ text: 'a' }), encodeFrame(headers, Buffer.alloc(0))])]);
    expect(own).toEqual(sdk);
    expect(own.error).toEqual({ name: 'InternalFailure', message: 'broken' });
  });

  it('the first response of a stream, which is no event', async () => {
    const [own, sdk] = await both([Buffer.concat([encodeEvent('initial-response', {}), delta({ text: 'a' })])]);
    expect(own).toEqual(sdk);
    expect(own.events).toHaveLength(1);
  });

  it('an event without a name as one of a kind that is newer, where the SDK stumbles', async () => {
    const nameless = encodeFrame({ ':message-type': 'event' }, Buffer.from('{}'));
    const { outcome: found } = await outcome([Buffer.concat([nameless, delta({ text: 'a' })])], ours());
    expect(found.error).toBeUndefined();
    expect(found.events).toHaveLength(1);
  });

  it('a stream without an event', async () => {
    const [own, sdk] = await both([]);
    expect(own).toEqual(sdk);
    expect(own).toEqual({ events: [] });
  });

  it('chunks of a model in its own format', async () => {
    const chunk = (bytes: object) =>
      encodeEvent('chunk', { bytes: Buffer.from(JSON.stringify(bytes)).toString('base64') });
    const chunks = [chunk({ a: 1 }), Buffer.concat([chunk({ b: 2 }), encodeException('modelTimeoutException', {})])];
    const [own, sdk] = await both(chunks, invoke);
    expect(own).toEqual(sdk);
    expect(own.events).toHaveLength(2);
    expect(own.error).toMatchObject({ name: 'ModelTimeoutException' });
  });
});

it('a stream cut at any bytes reads the same', async () => {
  const whole = Buffer.concat(frames);
  const { outcome: expected } = await outcome([whole], ours());
  await fc.assert(
    fc.asyncProperty(fc.uniqueArray(fc.nat(whole.length), { maxLength: 40 }), async (cuts) => {
      const at = [0, ...cuts.sort((a, b) => a - b), whole.length];
      const chunks = at.slice(1).map((end, index) => whole.subarray(at[index], end));
      expect((await outcome(chunks, ours())).outcome).toEqual(expected);
    }),
    { numRuns: 50 },
  );
  const single = Array.from(whole, (_, index) => whole.subarray(index, index + 1));
  expect((await outcome(single, ours())).outcome).toEqual(expected);
});

describe('a stream that is damaged', () => {
  it('at any byte of a frame never passes for whole', async () => {
    const before = encodeEvent('messageStart', { role: 'assistant' });
    const frame = delta({ text: 'a' });
    for (let at = 0; at < frame.length; at += 1) {
      const bent = Buffer.from(frame);
      bent.writeUInt8(bent.readUInt8(at) ^ 1, at);
      const { outcome: found } = await outcome([Buffer.concat([before, bent])], ours());
      expect([at, found.events.length, found.error?.name]).toEqual([at, 1, 'Error']);
    }
  });

  it('in its checksum is told, after what came before it', async () => {
    const [own, sdk] = await both([
      Buffer.concat([delta({ text: 'a' }), delta({ text: 'b' })]),
      breakChecksum(delta({ text: 'c' })),
    ]);
    expect(own).toEqual(sdk);
    expect(own.events).toHaveLength(2);
    expect(own.error?.message).toContain('checksum');
  });

  it('by its end in the middle of a frame is told', async () => {
    const whole = Buffer.concat(frames);
    for (const missing of [1, 20]) {
      const { outcome: found } = await outcome([whole.subarray(0, whole.length - missing)], ours());
      expect(found.error?.message).toBe('Truncated event message received.');
      expect(found.events).toHaveLength(frames.length - 1);
    }
  });

  it('by more bytes than are accepted is broken off, and its socket with it', async () => {
    const text = delta({ text: 'a'.repeat(500) });
    const { outcome: found, body } = await outcome([text, text, text], ours(text.length * 2));
    expect(found.events).toHaveLength(2);
    expect(found.error?.message).toContain('larger than this server accepts');
    expect(body.destroyed).toBe(true);
  });

  it('by a connection that breaks keeps the code of the error', async () => {
    const broken = Object.assign(new Error('aborted'), { code: 'ECONNRESET' });
    const body = Readable.from(
      (async function* () {
        yield delta({ text: 'a' });
        throw broken;
      })(),
    ) as AsyncIterable<Buffer> & Readable;
    const events = eventReader(1_000)
      .call(undefined)
      .deserialize(body, async () => ({}));
    const read = async () => {
      for await (const event of events) expect(event).toHaveProperty('contentBlockDelta');
    };
    await expect(read()).rejects.toMatchObject({ code: 'ECONNRESET', cause: broken });
  });
});

it('a frame of many chunks is not copied at each of them', async () => {
  const text = 'x'.repeat(400_000);
  const whole = delta({ text });
  const chunks = Array.from({ length: Math.ceil(whole.length / 100) }, (_, index) =>
    whole.subarray(index * 100, (index + 1) * 100),
  );
  const concat = Buffer.concat;
  let copied = 0;
  Buffer.concat = (list, length) => {
    copied += list.reduce((sum, { length: bytes }) => sum + bytes, 0);
    return concat(list, length);
  };
  try {
    expect((await outcome(chunks, ours())).outcome.events).toEqual([
      { contentBlockDelta: { contentBlockIndex: 0, delta: { text } } },
    ]);
  } finally {
    Buffer.concat = concat;
  }
  expect(copied).toBeLessThan(whole.length * 2);
});

it('nothing is ever sent as a stream', () => {
  expect(() => eventReader(1)().serialize()).toThrow('No stream');
});
