import type { Clock } from '../core/clock.js';

/** Sends to one target no faster than the service lets through, once it has begun to throttle. */
export interface Pacer {
  /**
   * Reserves the next slot for a request of so many tokens (input and the limit of its answer, as Bedrock counts).
   * Milliseconds to wait before sending; `admitted: false` reserves nothing, because the wait is above `patienceMs`.
   */
  reserve(tokens: number, patienceMs: number): { readonly admitted: boolean; readonly waitMs: number };
  /** To be told of every answer that says something of the service's limit. */
  report(outcome: 'accepted' | 'throttled', tokens: number): void;
  readonly paced: boolean;
  /** The last answers were refusals, too many of them for mere chance. */
  readonly refusing: boolean;
}

export interface PacerOptions {
  readonly clock: Clock;
  readonly onChange?: (paced: boolean, requestsPerSecond: number) => void;
}

interface Rates {
  readonly requests: number;
  readonly tokens: number;
}

interface Pace {
  rate: Rates;
  /** What went through before the last step down, if anything did: below it the rate doubles, above it creeps. */
  readonly good: Rates;
  /** When the next request, and the next token, may go. */
  readonly freeAtMs: { requests: number; tokens: number };
  readonly steppedAtMs: number;
}

/** Time over which rates are averaged. */
const memoryMs = 2_000;
/** Throttling below this share is left to retries: it may be chance, and slowing down does not help against chance. */
const throttledShare = 0.6;
const leastOutcomes = 20;
/** So many refusals in a row are no chance; over so long a time the target lets nothing through at all. */
const collapse = { refusals: 10, lastsMs: 300 };
/** After so many it is worth asking elsewhere first. */
const suspicious = 3;
const slowest: Rates = { requests: 1, tokens: 1_000 };
/** Pacing ends after so long without throttling. */
const quietMs = 15_000;
/** At most one step down in so long, so that one burst of refusals counts once. */
const stepMs = 1_000;
/** Growth of the rate for each accepted request: doubling while recovering, then slow. */
const recoveryGrowth = 2;
const probingGrowth = 1.02;
/** What may be sent at once after a pause. */
const burstMs = 500;

/**
 * Rate by additive-increase, multiplicative-decrease in the manner of congestion control: down to what was accepted
 * lately, up again while nothing is refused. A target that does not throttle is never slowed.
 */
export function createPacer({ clock, onChange }: PacerOptions): Pacer {
  const meter = createOutcomeMeter(clock);
  let pace: Pace | undefined;
  let throttledAtMs = Number.NEGATIVE_INFINITY;

  function slowDown(): void {
    const nowMs = clock.monotonicMs();
    throttledAtMs = nowMs;
    const verdict = meter.verdict();
    if (verdict === 'fine' || (pace !== undefined && nowMs - pace.steppedAtMs < stepMs)) return;
    const lately = meter.accepted();
    const rate = verdict === 'collapsed' ? slowest : lately;
    const good = goodRates(lately, pace?.good ?? unknown, verdict === 'collapsed');
    const began = pace === undefined;
    pace = { rate, good, freeAtMs: { requests: nowMs, tokens: nowMs }, steppedAtMs: nowMs };
    if (began) onChange?.(true, rate.requests);
  }

  function speedUp(): void {
    if (pace === undefined) return;
    if (clock.monotonicMs() - throttledAtMs >= quietMs) {
      pace = undefined;
      onChange?.(false, Number.POSITIVE_INFINITY);
      return;
    }
    const growth = pace.rate.requests < pace.good.requests ? recoveryGrowth : probingGrowth;
    pace.rate = { requests: pace.rate.requests * growth, tokens: pace.rate.tokens * growth };
  }

  return {
    get paced() {
      return pace !== undefined;
    },
    get refusing() {
      return meter.refusing();
    },
    reserve: (tokens, patienceMs) =>
      pace === undefined ? { admitted: true, waitMs: 0 } : slotOf(pace, tokens, patienceMs, clock.monotonicMs()),
    report: (outcome, tokens) => {
      meter.note(outcome, tokens);
      if (outcome === 'throttled') slowDown();
      else speedUp();
    },
  };
}

function slotOf({ freeAtMs, rate }: Pace, tokens: number, patienceMs: number, nowMs: number) {
  const waitMs = Math.max(0, Math.ceil(Math.max(freeAtMs.requests, freeAtMs.tokens) - nowMs));
  if (waitMs > patienceMs) return { admitted: false, waitMs };
  freeAtMs.requests = Math.max(freeAtMs.requests, nowMs - burstMs) + 1_000 / rate.requests;
  freeAtMs.tokens = Math.max(freeAtMs.tokens, nowMs - burstMs) + (1_000 * tokens) / rate.tokens;
  return { admitted: true, waitMs };
}

interface OutcomeMeter {
  note(outcome: 'accepted' | 'throttled', tokens: number): void;
  /** What went through lately, for each second. */
  accepted(): Rates;
  refusing(): boolean;
  verdict(): 'fine' | 'throttled' | 'collapsed';
}

/** Counts that fade, so that only what happened lately matters. */
function createOutcomeMeter(clock: Clock): OutcomeMeter {
  let requests = 0;
  let tokens = 0;
  let throttled = 0;
  let throttledInRow = 0;
  let rowBeganAtMs = 0;
  let fadedAtMs = clock.monotonicMs();

  const fade = () => {
    const nowMs = clock.monotonicMs();
    const factor = Math.exp((fadedAtMs - nowMs) / memoryMs);
    [requests, tokens, throttled] = [requests * factor, tokens * factor, throttled * factor];
    fadedAtMs = nowMs;
  };

  return {
    note: (outcome, size) => {
      fade();
      if (outcome === 'throttled') {
        throttled += 1;
        if (throttledInRow === 0) rowBeganAtMs = fadedAtMs;
        throttledInRow += 1;
        return;
      }
      throttledInRow = 0;
      requests += 1;
      tokens += size;
    },
    accepted: () => ({
      requests: Math.max(slowest.requests, (requests * 1_000) / memoryMs),
      tokens: Math.max(slowest.tokens, (tokens * 1_000) / memoryMs),
    }),
    refusing: () => throttledInRow >= suspicious,
    verdict: () => {
      if (throttledInRow >= collapse.refusals) {
        return clock.monotonicMs() - rowBeganAtMs >= collapse.lastsMs ? 'collapsed' : 'throttled';
      }
      const outcomes = requests + throttled;
      return outcomes >= leastOutcomes && throttled / outcomes >= throttledShare ? 'throttled' : 'fine';
    },
  };
}

const unknown: Rates = { requests: Number.POSITIVE_INFINITY, tokens: Number.POSITIVE_INFINITY };

/** What was good before: kept whole over a collapse, to come back to it quickly, and else a little lower. */
function goodRates(lately: Rates, before: Rates, collapsed: boolean): Rates {
  if (lately.requests <= slowest.requests) return before;
  if (before.requests === Number.POSITIVE_INFINITY) return lately;
  const kept = collapsed ? 1 : 0.7;
  return {
    requests: Math.max(lately.requests, before.requests * kept),
    tokens: Math.max(lately.tokens, before.tokens * kept),
  };
}
