import type { Clock, Random } from '../core/clock.js';
import type { Catalogue, Model } from '../core/model.js';
import type { AccessTable } from './access.js';
import type { CallLog } from './calls.js';
import type { CatalogueRules } from './catalogue-rules.js';
import type { CredentialStore } from './credentials.js';
import type { Latency } from './delivery.js';
import type { FaultPlan } from './faults.js';
import type { GuardrailTable } from './guardrails.js';
import type { Limits } from './limits.js';
import type { PromptCache } from './prompt-cache.js';
import type { ReplyQueue } from './replies.js';

/** A value that the control API can set. */
export interface Setting<Value> {
  get(): Value;
  set(value: Value): void;
}

export function createSetting<Value>(initial: Value): Setting<Value> {
  let current = initial;
  return {
    get: () => current,
    set: (value) => {
      current = value;
    },
  };
}

/** Everything that one sandbox knows and the control API can change. */
export interface SandboxState {
  readonly catalogue: Catalogue;
  readonly clock: Clock;
  readonly random: Random;
  /** Region of callers whose credentials name none, as bearer tokens. */
  readonly defaultRegion: string;
  readonly names: CatalogueRules;
  readonly credentials: CredentialStore;
  readonly access: AccessTable;
  readonly faults: FaultPlan;
  readonly guardrails: GuardrailTable;
  readonly limits: Limits;
  readonly replies: ReplyQueue;
  readonly calls: CallLog;
  readonly promptCache: PromptCache;
  readonly latency: Setting<Latency>;
  /** Milliseconds by which the sandbox's own clock is wrong. */
  readonly clockOffsetMs: Setting<number>;
}

export const nowMs = (state: SandboxState): number => state.clock.nowMs() + state.clockOffsetMs.get();

export const lifecycleOf =
  (access: AccessTable) =>
  (model: Model): Model => {
    const status = access.of(model.id)?.lifecycle;
    return status === undefined ? model : { ...model, lifecycle: { status } };
  };
