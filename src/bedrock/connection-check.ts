import { type ServiceError, toServiceError } from '../core/errors.js';
import type { CheckResult, HealthCheck } from '../core/ports.js';
import type { Region } from '../core/target.js';
import type { AuthenticationManager } from './authentication-manager.js';
import type { AuthenticationReadiness } from './authentication-readiness.js';
import type { ConnectionWatch } from './connection-watch.js';
import type { ControlPlane } from './control-plane.js';

export interface ConnectionCheckOptions {
  readonly authentication: AuthenticationManager;
  readonly readiness: Pick<AuthenticationReadiness, 'state'>;
  readonly controlPlane: Pick<ControlPlane, 'listFoundationModels'>;
  readonly region: Region;
}

/**
 * Whether Bedrock can be reached. Cheap: what is known of the credentials. Deep: lists the models of the region, which
 * shows credentials, network and rights at once and costs nothing.
 */
export function createConnectionCheck(options: ConnectionCheckOptions): HealthCheck {
  return { name: 'bedrock', run: async (deep, signal) => (deep ? listModels(options, signal) : knownState(options)) };
}

function knownState({ authentication, readiness }: ConnectionCheckOptions): CheckResult {
  const state = readiness.state();
  const { source } = authentication;
  if (state.phase === 'not_ready') {
    return failed(state.error, 'unhealthy', source, `Not ready after ${state.tries} tries, still trying. `);
  }
  if (state.phase === 'starting') return starting(state, source);
  const outcome = authentication.lastOutcome();
  if (outcome?.ok === false) {
    // Earlier credentials may still be good; what AWS says about them then decides.
    return failed(outcome.error, state.phase === 'ready' ? 'degraded' : 'unhealthy', source);
  }
  if (outcome === undefined) return { status: 'healthy', detail: `Not used yet; credentials: ${source}.` };
  const unverified = state.phase === 'ready' ? state.unverified : undefined;
  return unverified
    ? failed(unverified, 'degraded', source, 'The credentials could not be verified. ')
    : { status: 'healthy', detail: `Credentials: ${source}.` };
}

function starting({ tries, error }: { tries: number; error?: ServiceError }, source: string): CheckResult {
  if (!error) return { status: 'healthy', detail: `The credentials are being verified: ${source}.` };
  return failed(error, 'degraded', source, `Try ${tries} failed, trying again. `);
}

async function listModels(
  { authentication, controlPlane, region }: ConnectionCheckOptions,
  signal: AbortSignal,
): Promise<CheckResult> {
  try {
    const models = await controlPlane.listFoundationModels(region, signal);
    const detail = `${region} answers and lists ${models.length} models; credentials: ${authentication.source}.`;
    return { status: 'healthy', detail };
  } catch (thrown) {
    const error = toServiceError(thrown);
    // Who may not list models, or is throttled, may still be allowed to call them.
    const mayStillWork = error.category === 'authorization' || error.category === 'rate_limit';
    return failed(error, mayStillWork ? 'degraded' : 'unhealthy', authentication.source);
  }
}

function failed(error: ServiceError, status: CheckResult['status'], source: string, prefix = ''): CheckResult {
  return { status, detail: `${prefix}${error.message} Credentials: ${source}.`, remedy: error.remedy };
}

/** AWS refuses a signature whose time is five minutes off; before that there is still time to set the clock. */
const worryingOffsetMs = 120_000;

/** Sockets and clock, as the answers so far have shown them. */
export function createPoolCheck(watch: ConnectionWatch): HealthCheck {
  return {
    name: 'connections',
    run: async () => {
      const { busy, idle, waiting } = watch.pools();
      const offsetMs = watch.clockOffsetMs();
      const detail = `${busy} sockets in use, ${idle} idle, ${waiting} calls wait for one; ${describeClock(offsetMs)}.`;
      if (Math.abs(offsetMs ?? 0) >= worryingOffsetMs) {
        return { status: 'degraded', detail, remedy: 'Set the clock of this machine (NTP): AWS refuses a wrong time.' };
      }
      if (waiting === 0) return { status: 'healthy', detail };
      return { status: 'degraded', detail, remedy: 'Raise BEDROCK_MAX_CONCURRENT_REQUESTS, or send fewer calls.' };
    },
  };
}

function describeClock(offsetMs: number | undefined): string {
  if (offsetMs === undefined) return 'clock not compared yet';
  const seconds = Math.round(Math.abs(offsetMs) / 1_000);
  // The header has whole seconds, so anything smaller is no difference.
  return seconds < 2 ? 'clock agrees with AWS' : `clock ${seconds} s ${offsetMs > 0 ? 'behind' : 'ahead of'} AWS`;
}
