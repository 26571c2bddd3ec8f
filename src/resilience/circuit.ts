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
  /** As the last resort, an open circuit admits one early probe at a time, each second at most. */
  admit(lastResort?: boolean): Admission;
  state(): { readonly state: CircuitState; readonly why: string; readonly retryAfterMs: number };
  close(): void;
}

type Breaker = CircuitBreaker<[AttemptOutcome], void>;

/** Worth waiting for a probe that is on its way. */
const probeMs = 1_000;

/** How long an open breaker rests, and when it may be probed before that. */
interface Rest {
  begin(): void;
  remainingMs(): number;
  ms(): number;
  lengthen(): void;
  shorten(): void;
  /** Takes the early probe of this second: undefined. If it is taken already: milliseconds until the next. */
  takeEarlyProbe(): number | undefined;
}

const earlyProbeEveryMs = 1_000;

function createRest({ clock, resetMs, maxResetMs }: CircuitOptions): Rest {
  let ms = resetMs;
  let beganAtMs = 0;
  let probedAtMs = Number.NEGATIVE_INFINITY;
  const until = (dueMs: number) => Math.max(0, Math.ceil(dueMs - clock.monotonicMs()));
  const remainingMs = () => until(beganAtMs + ms);
  return {
    begin: () => {
      beganAtMs = clock.monotonicMs();
    },
    remainingMs,
    ms: () => ms,
    lengthen: () => {
      ms = Math.min(maxResetMs, ms * 2);
    },
    shorten: () => {
      ms = resetMs;
    },
    takeEarlyProbe: () => {
      const earlyMs = until(probedAtMs + earlyProbeEveryMs);
      if (earlyMs > 0) return Math.min(remainingMs(), earlyMs);
      probedAtMs = clock.monotonicMs();
      return undefined;
    },
  };
}

/**
 * The breaker of one target, on opossum. Attempts run outside and report their outcome into it, because opossum takes
 * every filtered error for a success, which would let a 400 close a half-open breaker.
 */
export function createCircuit(options: CircuitOptions): Circuit {
  const rest = createRest(options);
  let breaker = startBreaker();
  /** An outcome of a call that was admitted under an earlier state says nothing of the present one. */
  let generation = 0;
  let probing = false;
  let why = '';
  /** Parts of failures that do not yet make a whole one. */
  let lightFailures = 0;

  function startBreaker(): Breaker {
    const started = newBreaker(options);
    started.on('open', () => changed('open'));
    started.on('halfOpen', () => changed('half-open'));
    started.on('close', closed);
    return started;
  }

  function changed(state: CircuitState): void {
    generation += 1;
    probing = false;
    if (state === 'open') rest.begin();
    options.onChange(state, why);
  }

  // A closed breaker keeps the failures that opened it in its window, so the next single failure would reopen it.
  function closed(): void {
    breaker.shutdown();
    breaker = startBreaker();
    rest.shorten();
    changed('closed');
  }

  function failed({ weight, why: cause }: Extract<AttemptOutcome, { ok: false }>): boolean {
    lightFailures += breaker.halfOpen && weight > 0 ? 1 : weight;
    if (lightFailures < 0.999) return false;
    lightFailures = 0;
    why = cause;
    // A target that only throttles is back at once when it is: its rest does not grow.
    if (breaker.halfOpen && weight === 1) rest.lengthen();
    setResetTimeout(breaker, rest.ms());
    return true;
  }

  function report(reportedFor: number, outcome: AttemptOutcome): void {
    if (reportedFor !== generation) return;
    probing = false;
    // Under a breaker that is open only an early probe can end: good news closes it, bad news is none.
    if (breaker.opened) {
      if (outcome.ok) breaker.close();
    } else if (outcome.ok || failed(outcome)) {
      // fire() rejects with the failure that it counts; the caller has an error of its own.
      breaker.fire(outcome).catch(() => undefined);
    }
  }

  /** How long a call has to stay away; undefined when it may go. */
  function refusedForMs(lastResort: boolean): number | undefined {
    if (breaker.closed) return undefined;
    if (probing) return breaker.opened ? Math.min(rest.remainingMs(), probeMs) : probeMs;
    if (breaker.halfOpen) return undefined;
    return lastResort ? rest.takeEarlyProbe() : rest.remainingMs();
  }

  return {
    admit: (lastResort = false) => {
      const retryAfterMs = refusedForMs(lastResort);
      if (retryAfterMs !== undefined) return { admitted: false, retryAfterMs };
      probing = !breaker.closed;
      const admittedIn = generation;
      return { admitted: true, report: (outcome) => report(admittedIn, outcome) };
    },
    state: () => stateOf(breaker, why, rest),
    close: () => breaker.shutdown(),
  };
}

function stateOf(breaker: Breaker, why: string, rest: Rest): ReturnType<Circuit['state']> {
  if (breaker.closed) return { state: 'closed', why: '', retryAfterMs: 0 };
  if (breaker.halfOpen) return { state: 'half-open', why, retryAfterMs: 0 };
  return { state: 'open', why, retryAfterMs: rest.remainingMs() };
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
