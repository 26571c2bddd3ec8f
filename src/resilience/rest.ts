import type { Clock } from '../core/clock.js';

export interface RestOptions {
  readonly clock: Clock;
  /** The first rest, milliseconds; it doubles with each call of `lengthen`. */
  readonly resetMs: number;
  readonly maxResetMs: number;
}

/** How long an open breaker rests, and when it may be probed before that. */
export interface Rest {
  /** `forMs`: so long this time; default: as long as failed probes have made it. */
  begin(forMs?: number): void;
  remainingMs(): number;
  ms(): number;
  lengthen(): void;
  shorten(): void;
  /** Takes the early probe of this second: undefined. If it is taken already: milliseconds until the next. */
  takeEarlyProbe(): number | undefined;
}

const earlyProbeEveryMs = 1_000;

export function createRest({ clock, resetMs, maxResetMs }: RestOptions): Rest {
  let ms = resetMs;
  let lastsMs = resetMs;
  let beganAtMs = 0;
  let probedAtMs = Number.NEGATIVE_INFINITY;
  const until = (dueMs: number) => Math.max(0, Math.ceil(dueMs - clock.monotonicMs()));
  const remainingMs = () => until(beganAtMs + lastsMs);
  return {
    begin: (forMs = ms) => {
      lastsMs = forMs;
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
