import { foldEvent, newCallRecord } from '../core/call-record.js';
import type { Clock } from '../core/clock.js';
import type { CallTrace } from '../core/diagnostics.js';
import { ServiceError } from '../core/errors.js';
import type { CallEvent, EventOrigin, EventSubscriber } from '../core/events.js';
import type { Caller } from '../core/pipeline.js';
import { progressMessage } from '../core/progress-message.js';
import { longestPhase, phasesOf, type TimedEvent } from './call-phases.js';

export interface RecentCallsOptions {
  readonly clock: Clock;
  /** Calls that are remembered. Default 1,000. */
  readonly capacity?: number;
}

export interface RecentCalls extends EventSubscriber {
  /** @throws ServiceError validation when no remembered call of this caller has the id. */
  trace(requestId: string, caller: Caller): CallTrace;
  recent(caller: Caller, limit: number): readonly CallTrace[];
}

interface Call {
  readonly tool: string;
  readonly callerId: string;
  readonly startedAtMs: number;
  readonly startMonotonicMs: number;
  readonly events: TimedEvent[];
}

/** A call with more events than this tells of the first ones. */
const mostEvents = 100;

/** The latest calls with the moments of their events, in memory: the one that began first makes room. */
export function createRecentCalls({ clock, capacity = 1_000 }: RecentCallsOptions): RecentCalls {
  const calls = new Map<string, Call>();

  function begin(tool: string, { requestId, caller, atMs }: EventOrigin): void {
    const [oldest] = calls.keys();
    if (calls.size >= capacity && oldest !== undefined) calls.delete(oldest);
    const startMonotonicMs = clock.monotonicMs();
    calls.set(requestId, { tool, callerId: caller, startedAtMs: atMs, startMonotonicMs, events: [] });
  }
  function add(event: CallEvent, requestId: string): void {
    const call = calls.get(requestId);
    if (!call || isOver(call)) return;
    // The end is kept in any case: without it a call would seem to run for ever.
    if (call.events.length >= mostEvents && !isEnd(event)) return;
    call.events.push({ atMs: clock.monotonicMs() - call.startMonotonicMs, event: withoutText(event) });
  }

  return {
    onCallEvent: (event, origin) => {
      if (event.type === 'call-started') begin(event.tool, origin);
      add(event, origin.requestId);
    },
    trace: (requestId, caller) => {
      const call = calls.get(requestId);
      if (call?.callerId !== caller.id) throw unknownCall();
      return toTrace(requestId, call, clock);
    },
    recent: (caller, limit) =>
      [...calls]
        .toReversed()
        .filter(([, { callerId }]) => callerId === caller.id)
        .slice(0, limit)
        .map(([requestId, call]) => toTrace(requestId, call, clock)),
  };
}

const isEnd = ({ type }: CallEvent): boolean => type === 'call-succeeded' || type === 'call-failed';
const isOver = ({ events }: Call): boolean => events.length > 0 && isEnd((events.at(-1) as TimedEvent).event);

/** What the model said is kept by nobody but its caller. */
function withoutText(event: CallEvent): CallEvent {
  if (event.type === 'answer-rated') return { type: 'answer-rated', rating: event.rating };
  if (event.type !== 'call-succeeded') return event;
  const { structured: _, ...response } = event.response;
  return { ...event, response: { ...response, content: [] } };
}

function toTrace(requestId: string, call: Call, clock: Clock): CallTrace {
  const { tool, startedAtMs, events } = call;
  const phases = phasesOf(events);
  const bottleneck = longestPhase(phases);
  const last = events.at(-1);
  return {
    requestId,
    tool,
    startedAtMs,
    status: statusOf(last?.event),
    totalMs: isOver(call) ? (last?.atMs ?? 0) : clock.monotonicMs() - call.startMonotonicMs,
    phases,
    ...(bottleneck && { bottleneck }),
    steps: events.map(({ atMs, event }) => ({ atMs, event: event.type, detail: detailOf(event) })),
    record: events.reduce((record, { event }) => foldEvent(record, event), newCallRecord(requestId)),
  };
}

function statusOf(last: CallEvent | undefined): CallTrace['status'] {
  if (last?.type === 'call-succeeded') return 'succeeded';
  return last?.type === 'call-failed' ? 'failed' : 'running';
}

function detailOf(event: CallEvent): string {
  if (event.type === 'attempt-ended') return event.failure ? `${event.failure.category}: ${event.failure.message}` : '';
  if (event.type === 'call-failed') return `${event.failure.category}: ${event.failure.message}`;
  return progressMessage(event) ?? '';
}

const unknownCall = (): ServiceError =>
  new ServiceError('validation', 'No recent call has this request_id.', {
    remedy: 'Give the request_id of one of your latest calls on this server, or leave it out to see them.',
  });
