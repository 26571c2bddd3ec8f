import { type ServiceError, toServiceError } from '../core/errors.js';
import type { CheckResult, HealthCheck } from '../core/ports.js';
import type { Region } from '../core/target.js';
import type { AuthenticationManager } from './authentication-manager.js';
import type { ControlPlane } from './control-plane.js';

export interface ConnectionCheckOptions {
  readonly authentication: AuthenticationManager;
  readonly controlPlane: Pick<ControlPlane, 'listFoundationModels'>;
  readonly region: Region;
}

/**
 * Whether Bedrock can be reached. Cheap: how getting credentials went the last time. Deep: lists the models of the region,
 * which shows credentials, network and rights at once and costs nothing.
 */
export function createConnectionCheck(options: ConnectionCheckOptions): HealthCheck {
  const { authentication } = options;
  return {
    name: 'bedrock',
    run: async (deep, signal) => {
      if (deep) return listModels(options, signal);
      const outcome = authentication.lastOutcome();
      if (outcome === undefined)
        return { status: 'healthy', detail: `Not used yet; credentials: ${authentication.source}.` };
      return outcome.ok
        ? { status: 'healthy', detail: `Credentials: ${authentication.source}.` }
        : failed(outcome.error, 'unhealthy', authentication.source);
    },
  };
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

function failed({ message, remedy }: ServiceError, status: CheckResult['status'], source: string): CheckResult {
  return { status, detail: `${message} Credentials: ${source}.`, remedy };
}
