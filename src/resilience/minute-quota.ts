import type { Clock } from '../core/clock.js';

/** What AWS lets through in a minute; what is left out has no limit. */
export interface Quota {
  readonly requestsPerMinute?: number;
  /** Input and the limit of the answer together, as Bedrock reserves them when a request begins. */
  readonly tokensPerMinute?: number;
}

/** Keeps what is sent to one target within its quota, over any sixty seconds. */
export interface MinuteQuota {
  /** Milliseconds until a request of so many tokens fits; 0: now. Later requests never overtake earlier ones. */
  waitMs(tokens: number): number;
  /** Reserves a request at that time. */
  take(tokens: number, inMs: number): Taken;
}

export interface Taken {
  /** Gives back what was reserved above the tokens that count in the end. */
  settle(tokens: number): void;
  /** The request was never sent. */
  undo(): void;
}

export function createMinuteQuota({ requestsPerMinute, tokensPerMinute }: Quota, clock: Clock): MinuteQuota {
  const requests = createWindow(requestsPerMinute, clock);
  const tokenWindow = createWindow(tokensPerMinute, clock);
  return {
    waitMs: (tokens) => Math.max(requests.waitMs(1), tokenWindow.waitMs(tokens)),
    take: (tokens, inMs) => {
      const request = requests.take(1, inMs);
      const reserved = tokenWindow.take(tokens, inMs);
      return {
        settle: reserved.change,
        undo: () => {
          request.change(0);
          reserved.change(0);
        },
      };
    },
  };
}

/** What was taken within one second counts as taken at its end. */
interface Slice {
  readonly fromMs: number;
  atMs: number;
  amount: number;
}

const minuteMs = 60_000;
const sliceMs = 1_000;

/** A sliding minute, in slices of a second, some of them still to come. */
function createWindow(limit = Number.POSITIVE_INFINITY, clock: Clock) {
  const slices: Slice[] = [];
  // What is larger than the whole quota waits for an empty minute; then the service decides.
  const within = (amount: number) => Math.min(amount, limit);

  return {
    waitMs: (amount: number): number => {
      const nowMs = clock.monotonicMs();
      forget(slices, nowMs - minuteMs);
      return Math.max(0, Math.ceil(earliestMs(slices, limit - within(amount), nowMs) - nowMs));
    },
    take: (amount: number, inMs: number) => {
      const slice = sliceAt(slices, clock.monotonicMs() + inMs);
      let held = within(amount);
      slice.amount += held;
      return {
        /** Makes it so much instead. */
        change: (to: number) => {
          slice.amount += within(to) - held;
          held = within(to);
        },
      };
    },
  };
}

function forget(slices: Slice[], untilMs: number): void {
  while (slices[0] !== undefined && slices[0].atMs <= untilMs) slices.shift();
  while ((slices.at(-1)?.amount ?? 1) <= 0) slices.pop();
}

/** When no more than `room` is held by the minute before. */
function earliestMs(slices: readonly Slice[], room: number, nowMs: number): number {
  let atMs = Math.max(nowMs, slices.at(-1)?.atMs ?? nowMs);
  let held = slices.reduce((sum, { amount }) => sum + amount, 0);
  for (const slice of slices) {
    const endsMs = slice.atMs + minuteMs;
    if (endsMs > atMs && held <= room) break;
    atMs = Math.max(atMs, endsMs);
    held -= slice.amount;
  }
  return atMs;
}

function sliceAt(slices: Slice[], atMs: number): Slice {
  const last = slices.at(-1);
  if (last !== undefined && atMs - last.fromMs < sliceMs) {
    last.atMs = Math.max(last.atMs, atMs);
    return last;
  }
  const slice = { fromMs: atMs, atMs, amount: 0 };
  slices.push(slice);
  return slice;
}
