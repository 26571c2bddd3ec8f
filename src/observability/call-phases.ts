import { type CallPhase, callPhases, type PhaseTime } from '../core/diagnostics.js';
import type { CallEvent } from '../core/events.js';

/** An event with its moment, milliseconds after the start of the call. */
export interface TimedEvent {
  readonly atMs: number;
  readonly event: CallEvent;
}

/** What was going on before an event of this type; undefined where the event before it tells. */
const endsPhase: Partial<Record<CallEvent['type'], CallPhase>> = {
  'cache-missed': 'admission_and_cache',
  'cache-hit': 'admission_and_cache',
  'route-decided': 'routing',
  'cost-reserved': 'budget',
  'attempt-started': 'target_queue',
  'cost-settled': 'booking',
  'call-succeeded': 'booking',
};

function phasesBefore({ event }: TimedEvent, before: TimedEvent, ms: number): readonly PhaseTime[] {
  if (event.type === 'attempt-ended') {
    if (event.outcome === 'failed') return [{ phase: 'failed_attempts', ms }];
    const first = Math.min(ms, event.timeToFirstTokenMs ?? ms);
    return [
      { phase: 'first_token', ms: first },
      { phase: 'generation', ms: ms - first },
    ];
  }
  if (before.event.type === 'retry-scheduled') return [{ phase: 'retry_wait', ms }];
  const phase = endsPhase[event.type] ?? (before.event.type === 'call-started' ? 'admission_and_cache' : 'booking');
  return [{ phase, ms }];
}

/** Where the time between the events went. The events are in their order, the first one being the start. */
export function phasesOf(events: readonly TimedEvent[]): readonly PhaseTime[] {
  const total = new Map<CallPhase, number>();
  events.forEach((current, index) => {
    const before = events[index - 1];
    if (!before) return;
    for (const { phase, ms } of phasesBefore(current, before, current.atMs - before.atMs)) {
      total.set(phase, (total.get(phase) ?? 0) + ms);
    }
  });
  return callPhases.flatMap((phase) => {
    const ms = total.get(phase) ?? 0;
    return ms > 0 ? [{ phase, ms }] : [];
  });
}

export function longestPhase(phases: readonly PhaseTime[]): PhaseTime | undefined {
  return phases.toSorted((left, right) => right.ms - left.ms)[0];
}
