import type { EventStore } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import type { JSONRPCMessage } from '@modelcontextprotocol/sdk/types.js';
import type { Clock } from '../../core/clock.js';

export interface EventLimits {
  readonly maxEvents: number;
  readonly maxBytes: number;
  /** For a client to come back. */
  readonly keepMs: number;
}

/** Whether a client may go on after this event: `expired` ones were there, but are not kept any more. */
export type EventState = 'kept' | 'expired' | 'unknown';

/** What a session sent last, for a client whose stream broke (header Last-Event-ID). */
export interface SessionEvents extends EventStore {
  stateOf(eventId: string): EventState;
  /** What follows an event of a call that has ended, as text of a stream; undefined while the call runs. */
  restAfter(eventId: string): string | undefined;
}

interface Event {
  readonly streamId: string;
  readonly message: JSONRPCMessage;
  readonly bytes: number;
  readonly storedAtMs: number;
}

const isAnswer = (message: JSONRPCMessage): boolean => 'result' in message || 'error' in message;

const defaultLimits: EventLimits = { maxEvents: 256, maxBytes: 1024 * 1024, keepMs: 5 * 60_000 };

/** The oldest go first, so an event that is kept has all its followers. One larger than the whole store is not kept. */
export function createSessionEvents(clock: Clock, limits: EventLimits = defaultLimits): SessionEvents {
  const events = new Map<number, Event>();
  let lastId = 0;
  let bytes = 0;

  function dropOldest(): void {
    const oldestAllowedMs = clock.monotonicMs() - limits.keepMs;
    for (const [id, event] of events) {
      const fits = events.size <= limits.maxEvents && bytes <= limits.maxBytes;
      if (fits && event.storedAtMs > oldestAllowedMs) return;
      events.delete(id);
      bytes -= event.bytes;
    }
  }

  function find(eventId: string): Event | undefined {
    dropOldest();
    return events.get(Number(eventId));
  }

  /** What only told the client where to begin has no content. */
  function missedAfter(eventId: string): readonly (readonly [id: number, event: Event])[] {
    const from = find(eventId);
    return [...events].filter(
      ([id, { streamId, message }]) =>
        id > Number(eventId) && streamId === from?.streamId && Object.keys(message).length > 0,
    );
  }

  return {
    restAfter: (eventId) => {
      const missed = missedAfter(eventId);
      if (!missed.some(([, { message }]) => isAnswer(message))) return undefined;
      return missed
        .map(([id, { message }]) => `event: message\nid: ${id}\ndata: ${JSON.stringify(message)}\n\n`)
        .join('');
    },
    storeEvent: async (streamId, message) => {
      lastId += 1;
      const size = Buffer.byteLength(JSON.stringify(message));
      events.set(lastId, { streamId, message, bytes: size, storedAtMs: clock.monotonicMs() });
      bytes += size;
      dropOldest();
      return String(lastId);
    },
    stateOf: (eventId) => {
      if (find(eventId)) return 'kept';
      return /^[1-9]\d{0,14}$/.test(eventId) && Number(eventId) <= lastId ? 'expired' : 'unknown';
    },
    getStreamIdForEventId: async (eventId) => find(eventId)?.streamId,
    replayEventsAfter: async (eventId, { send }) => {
      const from = find(eventId);
      if (!from) throw new Error(`event ${eventId.slice(0, 32)} is not kept`);
      for (const [id, { message }] of missedAfter(eventId)) await send(String(id), message);
      return from.streamId;
    },
  };
}
