import CircuitBreaker from 'opossum';
import type { Clock } from '../core/clock.js';
import { createRest, type Rest } from './rest.js';

export interface CircuitOptions {
  readonly clock: Clock;
  /** Fewer outcomes than this in the window never open a breaker. */
  readonly volumeThreshold: number;
  readonly errorThresholdPercent: number;
  readonly windowMs: number;
  /** How long a breaker stays open the first time; doubles with each failed probe. */
  readonly resetMs: number;
  readonly maxResetMs: number;
  /** `hinted`: it opened only because another server said so. */
  readonly onChange: (state: CircuitState, why: string, hinted: boolean) => void;
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
  /**
   * Takes what another server saw: a closed circuit rests for a moment and then probes by itself, unless the target has
   * just answered here; an open one probes now.
   */
  hint(state: 'open' | 'closed', why: string): void;
  state(): { readonly state: CircuitState; readonly why: string; readonly retryAfterMs: number };
  close(): void;
}

type Breaker = CircuitBreaker<[AttemptOutcome], void>;

/** Worth waiting for a probe that is on its way. */
const probeMs = 1_000;
/** How long a hint of another server keeps calls away. */
const hintRestMs = 1_000;
/** Whoever answered so lately is believed more than a hint. */
const freshMs = 1_000;

/** What a breaker knows besides what opossum counts. */
interface Memory {
  /** An outcome of a call that was admitted under an earlier state says nothing of the present one. */
  generation: number;
  probing: boolean;
  why: string;
  /** It is open only because another server said so. */
  hinted: boolean;
  /** Another server saw the target answer: one probe may go at once. */
  invited: boolean;
  answeredAtMs: number;
  /** Parts of failures that do not yet make a whole one. */
  lightFailures: number;
}

const newMemory = (): Memory => ({
  generation: 0,
  probing: false,
  why: '',
  hinted: false,
  invited: false,
  answeredAtMs: Number.NEGATIVE_INFINITY,
  lightFailures: 0,
});

/**
 * The breaker of one target, on opossum. Attempts run outside and report their outcome into it, because opossum takes
 * every filtered error for a success, which would let a 400 close a half-open breaker.
 */
export function createCircuit(options: CircuitOptions): Circuit {
  const rest = createRest(options);
  const memory = newMemory();
  let breaker = startBreaker();

  function startBreaker(): Breaker {
    const started = newBreaker(options);
    started.on('open', () => changed('open'));
    started.on('halfOpen', () => changed('half-open'));
    started.on('close', closed);
    return started;
  }

  function changed(state: CircuitState): void {
    const { hinted, generation } = memory;
    Object.assign(memory, { generation: generation + 1, probing: false, invited: false });
    if (state === 'open') rest.begin(hinted ? hintRestMs : undefined);
    options.onChange(state, memory.why, hinted);
    if (state === 'closed') memory.hinted = false;
  }

  // A closed breaker keeps the failures that opened it in its window, so the next single failure would reopen it.
  function closed(): void {
    breaker.shutdown();
    breaker = startBreaker();
    rest.shorten();
    changed('closed');
  }

  return {
    admit: (lastResort = false) => {
      const retryAfterMs = refusedForMs(breaker, rest, memory, lastResort);
      if (retryAfterMs !== undefined) return { admitted: false, retryAfterMs };
      Object.assign(memory, { probing: !breaker.closed, invited: false });
      const { generation } = memory;
      return {
        admitted: true,
        report: (outcome) => {
          if (outcome.ok) memory.answeredAtMs = options.clock.monotonicMs();
          if (generation === memory.generation) take(breaker, rest, memory, outcome);
        },
      };
    },
    hint: (state, cause) => {
      const isFresh = options.clock.monotonicMs() - memory.answeredAtMs < freshMs;
      if (state === 'closed') memory.invited = breaker.opened && !memory.probing;
      else if (breaker.closed && !isFresh) openFor(breaker, memory, cause);
    },
    state: () => stateOf(breaker, rest, memory),
    close: () => breaker.shutdown(),
  };
}

function take(breaker: Breaker, rest: Rest, memory: Memory, outcome: AttemptOutcome): void {
  memory.probing = false;
  // Under a breaker that is open only an early probe can end: good news closes it, bad news is none.
  if (breaker.opened) {
    if (outcome.ok) breaker.close();
  } else if (outcome.ok || isWhole(breaker, rest, memory, outcome)) {
    // fire() rejects with the failure that it counts; the caller has an error of its own.
    breaker.fire(outcome).catch(() => undefined);
  }
}

/** Adds failures up; true when they make one that counts. */
function isWhole(
  breaker: Breaker,
  rest: Rest,
  memory: Memory,
  { weight, why }: Extract<AttemptOutcome, { ok: false }>,
): boolean {
  memory.lightFailures += breaker.halfOpen && weight > 0 ? 1 : weight;
  if (memory.lightFailures < 0.999) return false;
  // A target that only throttles is back at once when it is: its rest does not grow.
  if (breaker.halfOpen && weight === 1 && !memory.hinted) rest.lengthen();
  Object.assign(memory, { lightFailures: 0, why, hinted: false });
  setResetTimeout(breaker, rest.ms());
  return true;
}

function openFor(breaker: Breaker, memory: Memory, cause: string): void {
  Object.assign(memory, { hinted: true, why: `${cause}, as another server found` });
  setResetTimeout(breaker, hintRestMs);
  breaker.open();
}

/** How long a call has to stay away; undefined when it may go. */
function refusedForMs(
  breaker: Breaker,
  rest: Rest,
  { probing, invited }: Memory,
  lastResort: boolean,
): number | undefined {
  if (breaker.closed) return undefined;
  if (probing) return breaker.opened ? Math.min(rest.remainingMs(), probeMs) : probeMs;
  if (breaker.halfOpen || invited) return undefined;
  return lastResort ? rest.takeEarlyProbe() : rest.remainingMs();
}

function stateOf(breaker: Breaker, rest: Rest, { why, invited }: Memory): ReturnType<Circuit['state']> {
  if (breaker.closed) return { state: 'closed', why: '', retryAfterMs: 0 };
  if (breaker.halfOpen || invited) return { state: 'half-open', why, retryAfterMs: 0 };
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
