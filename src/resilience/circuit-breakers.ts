import type { Clock } from '../core/clock.js';
import type { ServerEvent } from '../core/events.js';
import type { BreakerState, TargetHealth } from '../core/ports.js';
import { type Target, targetKey } from '../core/target.js';
import type { BreakerHint } from './breaker-hints.js';
import { type Admission, type Circuit, createCircuit } from './circuit.js';

export interface CircuitBreakersOptions {
  readonly clock: Clock;
  readonly onServerEvent: (event: ServerEvent) => void;
  readonly volumeThreshold?: number;
  readonly errorThresholdPercent?: number;
  readonly windowMs?: number;
  readonly resetMs?: number;
  readonly maxResetMs?: number;
  /** Breakers kept at most; the one that was used first goes first, closed ones before others. */
  readonly maxBreakers?: number;
}

export interface CircuitBreakers extends TargetHealth {
  /** `lastResort`: no other target is left, so that a resting one may be probed early. */
  admit(target: Target, lastResort?: boolean): Admission;
  /** Takes what another server tells of a target. */
  hint(hint: BreakerHint): void;
  close(): void;
}

/** One breaker a target, made when the target is first called. */
export function createCircuitBreakers(options: CircuitBreakersOptions): CircuitBreakers {
  const { onServerEvent, maxBreakers = 512 } = options;
  const circuits = new Map<string, { target: Target; circuit: Circuit }>();

  // Nobody will hear of it again, so nobody may go on believing that it rests.
  const forgetOne = (): void => {
    const entries = [...circuits];
    const [key, entry] = entries.find(([, { circuit }]) => circuit.state().state === 'closed') ?? entries[0] ?? [];
    if (key === undefined || entry === undefined) return;
    if (entry.circuit.state().state !== 'closed') {
      onServerEvent({ type: 'breaker-changed', target: entry.target, state: 'closed', why: 'forgotten', hinted: true });
    }
    entry.circuit.close();
    circuits.delete(key);
  };
  const circuitOf = (target: Target): Circuit => {
    const key = targetKey(target);
    const known = circuits.get(key);
    if (known) return known.circuit;
    if (circuits.size >= maxBreakers) forgetOne();
    const circuit = createCircuit({
      clock: options.clock,
      volumeThreshold: options.volumeThreshold ?? 10,
      errorThresholdPercent: options.errorThresholdPercent ?? 50,
      windowMs: options.windowMs ?? 30_000,
      resetMs: options.resetMs ?? 5_000,
      maxResetMs: options.maxResetMs ?? 60_000,
      onChange: (state, why, hinted) =>
        onServerEvent({ type: 'breaker-changed', target, state, why, ...(hinted && { hinted }) }),
    });
    circuits.set(key, { target, circuit });
    return circuit;
  };

  return {
    admit: (target, lastResort) => circuitOf(target).admit(lastResort),
    hint: ({ target, state, why }) => {
      // Good news of a target that was never called here changes nothing.
      if (state === 'open' || circuits.has(targetKey(target))) circuitOf(target).hint(state, why);
    },
    stateOf: (target) => {
      const known = circuits.get(targetKey(target));
      return known ? breakerState(target, known.circuit) : { target, state: 'closed' };
    },
    states: () => [...circuits.values()].map(({ target, circuit }) => breakerState(target, circuit)),
    close: () => {
      for (const { circuit } of circuits.values()) circuit.close();
      circuits.clear();
    },
  };
}

function breakerState(target: Target, circuit: Circuit): BreakerState {
  const { state, why, retryAfterMs } = circuit.state();
  if (state === 'closed') return { target, state };
  return state === 'half-open' ? { target, state, why } : { target, state, why, retryAfterMs };
}
