import { EventStreamCodec } from '@smithy/core/event-streams';

/** A frame of `application/vnd.amazon.eventstream` (https://smithy.io/2.0/aws/amazon-eventstream.html), checked. */
export type EventFrame = ReturnType<EventStreamCodec['decode']>;

export interface FrameReader {
  /** The frames that are whole with this chunk, one after the other. @throws Error at a frame that is damaged. */
  feed(chunk: Buffer): Iterable<EventFrame>;
  /** @throws Error when the bytes so far end in the middle of a frame. */
  end(): void;
}

/** A frame begins with its whole length. */
const lengthBytes = 4;

const toUtf8 = (text: Uint8Array | string): string =>
  typeof text === 'string' ? text : Buffer.from(text.buffer, text.byteOffset, text.byteLength).toString();

/** Lengths and both checksums of a frame are the SDK's to check. */
const codec = new EventStreamCodec(toUtf8, (text) => Buffer.from(text));

/** Puts frames together from chunks that may be cut at any byte. A frame of many chunks is copied once, when it is whole. */
export function createFrameReader(): FrameReader {
  let held: Buffer[] = [];
  let heldBytes = 0;
  let dueBytes = lengthBytes;
  return {
    *feed(chunk) {
      held.push(chunk);
      heldBytes += chunk.length;
      if (heldBytes < dueBytes) return;
      let rest = held.length === 1 ? chunk : Buffer.concat(held);
      for (dueBytes = frameLength(rest); rest.length >= dueBytes; dueBytes = frameLength(rest)) {
        yield codec.decode(rest.subarray(0, dueBytes));
        rest = rest.subarray(dueBytes);
      }
      held = rest.length === 0 ? [] : [rest];
      heldBytes = rest.length;
    },
    end: () => {
      if (heldBytes > 0) throw new Error('Truncated event message received.');
    },
  };
}

/** As long as it cannot be seen, the bytes that it takes to see it. */
const frameLength = (bytes: Buffer): number => (bytes.length < lengthBytes ? lengthBytes : bytes.readUInt32BE(0));
