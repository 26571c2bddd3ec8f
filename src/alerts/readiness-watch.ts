import type { Clock } from '../core/clock.js';
import type { ServerEvent } from '../core/events.js';
import type { HealthReport } from '../core/integration-service.js';

const intervalMs = 15_000;
/** Looks in a row that have to find the same before it is told. */
const looksToBelieve = 2;
const mostReasons = 3;

export interface ReadinessWatchOptions {
  readonly health: () => Promise<HealthReport>;
  readonly clock: Clock;
  readonly onServerEvent: (event: ServerEvent) => void;
}

/** Tells when the server stops being healthy, and when it is again. */
export function startReadinessWatch({ health, clock, onServerEvent }: ReadinessWatchOptions): { stop(): void } {
  const stopped = new AbortController();
  let told = true;
  let differing = 0;

  const look = async (): Promise<void> => {
    const { status, checks } = await health();
    const healthy = status !== 'unhealthy';
    differing = healthy === told ? 0 : differing + 1;
    if (differing < looksToBelieve) return;
    told = healthy;
    differing = 0;
    const wrong = checks.filter((check) => check.status === 'unhealthy').slice(0, mostReasons);
    const reasons = wrong.map(({ name, detail }) => `${name}: ${detail}`);
    onServerEvent({ type: 'server-health-changed', healthy, reasons });
  };
  const run = async (): Promise<void> => {
    while (!stopped.signal.aborted) {
      await clock.sleep(intervalMs, stopped.signal);
      await look().catch(() => undefined);
    }
  };
  // Its only rejection is the end of the sleep.
  run().catch(() => undefined);
  return { stop: () => stopped.abort() };
}
