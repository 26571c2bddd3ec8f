import { type Clock, type Random, systemClock, systemRandom } from '../core/clock.js';
import type { Catalogue } from '../core/model.js';
import { createAccessTable } from './access.js';
import { createCallLog } from './calls.js';
import { createCatalogueRules } from './catalogue-rules.js';
import { controlPrefix, createControlApi } from './control-api.js';
import { createCredentialStore, type SandboxCredentials, sandboxCredentials } from './credentials.js';
import type { Latency } from './delivery.js';
import type { Exchange } from './exchange.js';
import { createFaultPlan } from './faults.js';
import { createGuardrailTable } from './guardrails.js';
import { createLimits } from './limits.js';
import { listen } from './listener.js';
import { createPromptCache } from './prompt-cache.js';
import { createReplyQueue } from './replies.js';
import { createSandboxService } from './service.js';
import { createSetting, lifecycleOf, type SandboxState } from './state.js';

export { sandboxCredentials } from './credentials.js';

export interface SandboxOptions {
  readonly catalogue: Catalogue;
  /** What callers must sign with; `sandboxCredentials` by default. */
  readonly credentials?: SandboxCredentials;
  readonly host?: string;
  /** 0: any free port. */
  readonly port?: number;
  readonly clock?: Clock;
  readonly random?: Random;
  /** None by default: answers come at once. */
  readonly latency?: Latency;
  /** Region of callers with a bearer token, which names none. */
  readonly defaultRegion?: string;
  /** How many calls are remembered. */
  readonly recordedCalls?: number;
}

export interface Sandbox {
  readonly url: string;
  readonly port: number;
  /** Ends all connections and frees the port. */
  close(): Promise<void>;
}

function createState(options: SandboxOptions): SandboxState {
  const { catalogue, clock = systemClock, random = systemRandom } = options;
  const access = createAccessTable();
  return {
    catalogue,
    clock,
    random,
    access,
    defaultRegion: options.defaultRegion ?? 'us-east-1',
    names: createCatalogueRules(catalogue, lifecycleOf(access)),
    credentials: createCredentialStore(options.credentials ?? sandboxCredentials),
    faults: createFaultPlan(random),
    guardrails: createGuardrailTable(),
    limits: createLimits(),
    replies: createReplyQueue(),
    calls: createCallLog(options.recordedCalls ?? 10_000),
    promptCache: createPromptCache(),
    latency: createSetting(options.latency ?? { firstTokenMs: 0, tokensPerSecond: 0 }),
    clockOffsetMs: createSetting(0),
  };
}

/** Starts a stand-in for Amazon Bedrock on one port: the signed runtime and control plane APIs, and `/_sandbox/`. */
export async function startSandbox(options: SandboxOptions): Promise<Sandbox> {
  const state = createState(options);
  const service = createSandboxService(state);
  const control = createControlApi(state);
  const host = options.host ?? '127.0.0.1';

  const handle = (exchange: Exchange): void => {
    const target = exchange.head.path.startsWith(controlPrefix) ? control : service;
    // What is thrown here is a broken connection, or a defect: either way this connection is of no more use.
    target.handle(exchange).catch(() => exchange.cut('close'));
  };
  const listener = await listen(host, options.port ?? 0, handle);
  const name = host.includes(':') ? `[${host}]` : host;
  return { url: `http://${name}:${listener.port}`, port: listener.port, close: listener.close };
}
