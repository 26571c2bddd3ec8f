import CircuitBreaker from 'opossum';
import type { Clock } from '../core/clock.js';

export interface CircuitOptions {
  readonly clock: Clock;
  /** Fewer outcomes than this in the window never open a breaker. */
  readonly volumeThreshold: number;
  readonly errorThresholdPercent: number;
  readonly windowMs: number;
  /** How long a breaker stays open the first time; doubles with each failed probe. */
  readonly resetMs: number;
  readonly maxResetMs: number;
  readonly onChange: (state: CircuitState, why: string) => void;
}

export type CircuitState = 'closed' | 'open' | 'half-open';

/** `weight`: how much of a failure it was, 0 (says nothing of the target) to 1. */
export type AttemptOutcome =
  | { readonly ok: true }
  | { readonly ok: false; readonly weight: number; readonly why: string };

/** Leave to call a target. Whoever got it reports exactly one outcome. */
export type Admission =
  | { readonly admitted: true; readonly report: (outcome: AttemptOutcome) => void }
  | { readonly admitted: false; readonly retryAfterMs: number };

export interface Circuit {
  admit(): Admission;
  state(): { readonly state: CircuitState; readonly why: string; readonly retryAfterMs: number };
  close(): void;
}

type Breaker = CircuitBreaker<[AttemptOutcome], void>;

const halfOpenRetryMs = 1_000;

/**
 * The breaker of one target, on opossum. Attempts run outside and report their outcome into it, because opossum takes
 * every filtered error for a success, which would let a 400 close a half-open breaker.
 */
export function createCircuit(options: CircuitOptions): Circuit {
  const { clock } = options;
  let breaker = startBreaker();
  /** An outcome of a call that was admitted under an earlier state says nothing of the present one. */
  let generation = 0;
  let probing = false;
  let resetMs = options.resetMs;
  let openedAtMs = 0;
  let why = '';
  /** Parts of failures that do not yet make a whole one. */
  let lightFailures = 0;

  function startBreaker(): Breaker {
    const started = newBreaker(options);
    started.on('open', () => {
      openedAtMs = clock.monotonicMs();
      changed('open');
    });
    started.on('halfOpen', () => changed('half-open'));
    started.on('close', closed);
    return started;
  }

  function changed(state: CircuitState): void {
    generation += 1;
    probing = false;
    options.onChange(state, why);
  }

  // A closed breaker keeps the failures that opened it in its window, so the next single failure would reopen it.
  function closed(): void {
    breaker.shutdown();
    breaker = startBreaker();
    resetMs = options.resetMs;
    changed('closed');
  }

  function report(reportedFor: number, outcome: AttemptOutcome): void {
    if (reportedFor !== generation) return;
    probing = false;
    if (!outcome.ok) {
      lightFailures += outcome.weight;
      if (lightFailures < 0.999) return;
      lightFailures = 0;
      why = outcome.why;
      if (breaker.halfOpen) resetMs = Math.min(options.maxResetMs, resetMs * 2);
      setResetTimeout(breaker, resetMs);
    }
    // fire() rejects with the failure that it counts; the caller has an error of its own.
    breaker.fire(outcome).catch(() => undefined);
  }

  const remainingMs = () => Math.max(0, Math.ceil(openedAtMs + resetMs - clock.monotonicMs()));

  return {
    admit: () => {
      if (breaker.opened) return { admitted: false, retryAfterMs: remainingMs() };
      if (breaker.halfOpen && probing) return { admitted: false, retryAfterMs: halfOpenRetryMs };
      probing = breaker.halfOpen;
      const admittedIn = generation;
      return { admitted: true, report: (outcome) => report(admittedIn, outcome) };
    },
    state: () => {
      if (breaker.closed) return { state: 'closed', why: '', retryAfterMs: 0 };
      if (breaker.halfOpen) return { state: 'half-open', why, retryAfterMs: 0 };
      return { state: 'open', why, retryAfterMs: remainingMs() };
    },
    close: () => breaker.shutdown(),
  };
}

function newBreaker(options: CircuitOptions): Breaker {
  return new CircuitBreaker(countOutcome, {
    timeout: false,
    resetTimeout: options.resetMs,
    errorThresholdPercentage: options.errorThresholdPercent,
    volumeThreshold: options.volumeThreshold,
    rollingCountTimeout: options.windowMs,
    rollingPercentilesEnabled: false,
    enableSnapshots: false,
  });
}

async function countOutcome(outcome: AttemptOutcome): Promise<void> {
  if (!outcome.ok) throw new Error(outcome.why);
}

/** opossum reads its reset time from here whenever it opens; its types leave the field out. */
function setResetTimeout(breaker: Breaker, resetTimeout: number): void {
  Object.assign((breaker as unknown as { options: object }).options, { resetTimeout });
}
