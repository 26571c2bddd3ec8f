import type { Clock } from '../core/clock.js';
import type { HealthReport, NamedCheck } from '../core/integration-service.js';
import {
  type CheckResult,
  type HealthCheck,
  type HealthStatus,
  healthStatuses,
  type PerformanceRecord,
  type TargetHealth,
} from '../core/ports.js';

export interface HealthCheckerOptions {
  readonly checks: readonly HealthCheck[];
  readonly clock: Clock;
  readonly version: string;
  /** On the monotonic clock. */
  readonly startedAtMs: number;
  /** Time for one check; all run at once. */
  readonly timeoutMs: number;
  readonly breakers: TargetHealth;
  readonly performance: PerformanceRecord;
}

export interface HealthChecker {
  /** Never throws and never takes longer than the time for one check. */
  run(deep: boolean): Promise<HealthReport>;
}

export function createHealthChecker(options: HealthCheckerOptions): HealthChecker {
  const { clock, version, startedAtMs, breakers, performance } = options;
  return {
    run: async (deep) => {
      const checks = await Promise.all(options.checks.map((check) => runCheck(check, deep, options)));
      const states = breakers.states();
      return {
        status: worst(checks.map((check) => check.status)),
        checks,
        breakers: states,
        performance: states.flatMap(({ target }) => {
          const measured = performance.of(target);
          return measured ? [{ target, ...measured }] : [];
        }),
        version,
        uptimeSeconds: Math.floor((clock.monotonicMs() - startedAtMs) / 1_000),
      };
    },
  };
}

function worst(statuses: readonly HealthStatus[]): HealthStatus {
  return healthStatuses[Math.max(0, ...statuses.map((status) => healthStatuses.indexOf(status)))] ?? 'unhealthy';
}

async function runCheck(
  check: HealthCheck,
  deep: boolean,
  { clock, timeoutMs }: HealthCheckerOptions,
): Promise<NamedCheck> {
  const ended = new AbortController();
  const tooLate = clock.sleep(timeoutMs, ended.signal).then(
    () => failed(`No answer within ${timeoutMs} ms.`),
    () => failed('Stopped.'),
  );
  try {
    const result = await Promise.race([attempt(check, deep, ended.signal), tooLate]);
    return { name: check.name, ...result, checkedAtMs: clock.nowMs() };
  } finally {
    // Ends the check that is too late, or the timer of the one that was not.
    ended.abort();
  }
}

const failed = (detail: string): CheckResult => ({ status: 'unhealthy', detail });

/** What a check throws is foreign text, so it is not shown. */
async function attempt(check: HealthCheck, deep: boolean, signal: AbortSignal): Promise<CheckResult> {
  try {
    return await check.run(deep, signal);
  } catch {
    return { ...failed('The check itself failed.'), remedy: 'Look for the cause in the log.' };
  }
}
