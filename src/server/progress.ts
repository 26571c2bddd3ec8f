import type { Clock } from '../core/clock.js';
import type { CallEvent } from '../core/events.js';
import { progressMessage } from '../core/progress-message.js';

const minIntervalMs = 250;
/** Clients show a call as stuck after some seconds of silence, and some end it. */
const heartbeatMs = 2_000;

export interface ProgressOptions {
  readonly clock: Clock;
  /** Hands one notification to the client. What it throws is ignored: progress must not fail a call. */
  readonly send: (progress: number, message: string) => Promise<void>;
}

export interface ProgressReporter {
  onEvent(event: CallEvent): void;
  /** Must be called when the call ends; nothing is sent after it. */
  stop(): void;
}

/** Turns the events of one call into progress: never more than four a second, never silent for long. */
export function createProgressReporter({ clock, send }: ProgressOptions): ProgressReporter {
  const ended = new AbortController();
  const startedMs = clock.monotonicMs();
  let sent = 0;
  let lastSentMs = Number.NEGATIVE_INFINITY;
  let latest = 'Working';
  let flushPlanned = false;

  function emit(message: string): void {
    sent += 1;
    lastSentMs = clock.monotonicMs();
    send(sent, message).catch(() => undefined);
  }

  async function flushLater(): Promise<void> {
    if (flushPlanned) return;
    flushPlanned = true;
    await clock.sleep(lastSentMs + minIntervalMs - clock.monotonicMs(), ended.signal);
    flushPlanned = false;
    emit(latest);
  }

  async function beat(): Promise<void> {
    while (!ended.signal.aborted) {
      const quietSinceMs = Math.max(startedMs, lastSentMs);
      const restMs = quietSinceMs + heartbeatMs - clock.monotonicMs();
      if (restMs <= 0) emit(`${latest} (${Math.round((clock.monotonicMs() - startedMs) / 1_000)} s)`);
      else await clock.sleep(restMs, ended.signal);
    }
  }

  beat().catch(() => undefined);
  return {
    onEvent: (event) => {
      const message = progressMessage(event);
      if (message === undefined || ended.signal.aborted) return;
      latest = message;
      if (clock.monotonicMs() - lastSentMs >= minIntervalMs) emit(message);
      else flushLater().catch(() => undefined);
    },
    stop: () => ended.abort(),
  };
}
