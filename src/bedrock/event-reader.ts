import type { ConverseStreamOutput } from '@aws-sdk/client-bedrock-runtime';
import { ownError, tooLarge } from './connection-errors.js';
import { createFrameReader, type EventFrame } from './event-frames.js';

/*
 * How the SDK's client reads streams of events: in one pass instead of the SDK's four generators one inside the other, and
 * with pieces of text and of tool input, which are nearly all there is in a stream, read without a schema. Everything else
 * is the SDK's to understand.
 */

type Decoder<Event> = (input: Record<string, EventFrame>) => Promise<Event>;
type Body = AsyncIterable<Buffer>;

/** For the setting `eventStreamSerdeProvider`. An answer of more bytes is broken off, and its socket with it. */
export const eventReader = (maxBytes: number) => () => ({
  deserialize: <Event>(body: Body, decoder: Decoder<Event>): AsyncIterable<Event> => ({
    [Symbol.asyncIterator]: () => events(body, decoder, maxBytes),
  }),
  serialize: (): never => {
    throw new Error('No stream of events is ever sent to Bedrock.');
  },
});

async function* events<Event>(body: Body, decoder: Decoder<Event>, maxBytes: number): AsyncGenerator<Event> {
  const reader = createFrameReader();
  let bytes = 0;
  try {
    for await (const chunk of body) {
      bytes += chunk.length;
      if (bytes > maxBytes) throw tooLarge();
      for (const frame of reader.feed(chunk)) {
        // The same as the SDK would read; there is a test that compares them.
        const event = (pieceOf(frame) as Event | undefined) ?? (await decoded(frame, decoder));
        if (event !== undefined) yield event;
      }
    }
  } catch (thrown) {
    throw isConnectionError(thrown) ? ownError(thrown) : thrown;
  }
  reader.end();
}

/** Errors of sockets and streams have a code; those of the SDK's decoder and of frames have none. */
const isConnectionError = (thrown: unknown): boolean =>
  typeof (thrown as { code?: unknown } | undefined)?.code === 'string';

/** A piece of text or of tool input; undefined for whatever else a frame brings. */
function pieceOf(frame: EventFrame): ConverseStreamOutput.ContentBlockDeltaMember | undefined {
  if (header(frame, ':event-type') !== 'contentBlockDelta' || header(frame, ':message-type') !== 'event') {
    return undefined;
  }
  const { delta, contentBlockIndex } = plainDelta(frame);
  if (typeof contentBlockIndex !== 'number' || typeof delta !== 'object' || delta === null) return undefined;
  if (Object.keys(delta).length !== 1) return undefined;
  if (typeof delta.text === 'string') return { contentBlockDelta: { delta: { text: delta.text }, contentBlockIndex } };
  const input = delta.toolUse?.input;
  return typeof input === 'string'
    ? { contentBlockDelta: { delta: { toolUse: { input } }, contentBlockIndex } }
    : undefined;
}

interface PlainDelta {
  readonly delta?: { readonly text?: unknown; readonly toolUse?: { readonly input?: unknown } | null } | null;
  readonly contentBlockIndex?: unknown;
}

/** Nothing when it cannot be read: the SDK finds the words for that. */
function plainDelta(frame: EventFrame): PlainDelta {
  try {
    return (JSON.parse(textOf(frame)) as PlainDelta | null) ?? {};
  } catch {
    return {};
  }
}

/**
 * Undefined for an event of a kind that is newer than the SDK.
 * @throws what the stream carries in place of an event, in the SDK's form.
 */
async function decoded<Event>(frame: EventFrame, decoder: Decoder<Event>): Promise<Event | undefined> {
  const kind = header(frame, ':message-type');
  if (kind === 'error') throw named(header(frame, ':error-code'), header(frame, ':error-message') ?? 'UnknownError');
  const name = header(frame, kind === 'exception' ? ':exception-type' : ':event-type') ?? '';
  const event = (await decoder({ [name]: frame })) as Record<string, unknown>;
  if (kind !== 'exception') return event['$unknown'] === undefined ? (event as Event) : undefined;
  throw event['$unknown'] === undefined ? event[name] : named(name, textOf(frame));
}

function header({ headers }: EventFrame, name: string): string | undefined {
  const value = headers[name]?.value;
  return typeof value === 'string' ? value : undefined;
}

const textOf = ({ body }: EventFrame): string => Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString();

const named = (name = 'Error', message: string): Error => Object.assign(new Error(message), { name });
