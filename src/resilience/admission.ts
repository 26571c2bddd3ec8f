import { type BoundedQueue, createBoundedQueue } from '../core/bounded-queue.js';
import type { Clock } from '../core/clock.js';
import { abortedError, ServiceError } from '../core/errors.js';
import type { ServerEvent } from '../core/events.js';
import type { CallContext } from '../core/pipeline.js';
import type { RoutedRequest } from '../core/request.js';
import type { Usage } from '../core/response.js';
import { type Target, targetKey } from '../core/target.js';
import { estimateInputTokens } from '../core/token-estimate.js';
import { createMinuteQuota, type MinuteQuota, type Quota, type Taken } from './minute-quota.js';
import { createPacer, type Pacer } from './pacer.js';
import { quotaTokens } from './quotas.js';

export interface AdmissionOptions {
  readonly clock: Clock;
  readonly onServerEvent: (event: ServerEvent) => void;
  /** Calls that one target takes at once. */
  readonly maxConcurrentPerTarget: number;
  /** Calls that may wait for one target. */
  readonly maxQueuedPerTarget?: number;
  /** How long a call waits for a target while others are left to ask, milliseconds. */
  readonly patienceMs?: number;
  readonly maxTargets?: number;
  /** What AWS grants a target in a minute, where it is known. */
  readonly quotaOf?: (target: Target) => Quota | undefined;
}

/** Leave to send one request to its target. */
export interface Pass {
  /** Gives the place back; undefined when the answer says nothing of the service's limits. `usage` where known. */
  leave(outcome?: PassOutcome, usage?: Usage): void;
}

/** `unsent`: the service has not seen the request, so that nothing of its quota was used. */
export type PassOutcome = 'accepted' | 'throttled' | 'unsent';

export interface TargetAdmission {
  /**
   * Waits for a place and a slot of the target, no longer than it is worth.
   * @throws ServiceError rate_limit (reason `overloaded`, with retryAfterMs) or the abort of the call.
   */
  enter(request: RoutedRequest, context: CallContext): Promise<Pass>;
}

/** A wait must leave time for the answer. */
const answerTimeMs = 50;
const longestRetryMs = 60_000;
/** A throttled target is worth so little of a wait while the same model is left elsewhere. */
const elsewhereMs = 50;
const probeEveryMs = 1_000;

/** A bounded queue and a pacer for each target, made when it is first called. */
export function createTargetAdmission(options: AdmissionOptions): TargetAdmission {
  const { clock, patienceMs = 1_000 } = options;
  const gates = createGates(options);

  return {
    enter: async (request, context) => {
      const { target } = request;
      // Too late to wait is not too late to try: what needs no wait goes, and its own deadline ends it.
      const leftMs = Math.max(0, context.deadlineMs - clock.monotonicMs() - answerTimeMs);
      const worthMs = context.lastResort === true ? leftMs : Math.min(patienceMs, leftMs);
      const paceWorthMs = context.sameModelLeft === true ? Math.min(worthMs, elsewhereMs) : worthMs;
      const startedMs = clock.monotonicMs();
      const gate = gates(target);
      const { queue, pacer } = gate;
      const { signal, priority = 'interactive' } = context;
      // One call a second finds out whether it is over; the others have somewhere better to go.
      const probeInMs = gate.sentAtMs + probeEveryMs - startedMs;
      if (context.sameModelLeft && pacer.refusing && probeInMs > 0) throw overloaded(target, probeInMs);
      gate.sentAtMs = startedMs;
      try {
        const leavePlace = await queue.enter({ signal, patienceMs: worthMs, priority });
        const tokens = estimateInputTokens(request) + request.max_tokens;
        const paceLeftMs = Math.max(0, paceWorthMs - (clock.monotonicMs() - startedMs));
        const taken = await paceOut(gate, tokens, paceLeftMs, request, context, clock).catch((error: unknown) => {
          leavePlace();
          throw error;
        });
        return {
          leave: (outcome, usage) => {
            leavePlace();
            if (outcome === 'unsent') {
              taken?.undo();
              return;
            }
            if (outcome !== undefined) pacer.report(outcome, tokens);
            settle(taken, target, outcome, usage);
          },
        };
      } catch (error) {
        throw signal.aborted ? abortedError(signal) : error;
      }
    },
  };
}

interface Gate {
  readonly queue: BoundedQueue;
  readonly pacer: Pacer;
  readonly quota: MinuteQuota | undefined;
  sentAtMs: number;
}

function createGates(options: AdmissionOptions): (target: Target) => Gate {
  const { clock, maxConcurrentPerTarget: limit, onServerEvent, maxTargets = 512 } = options;
  const { maxQueuedPerTarget: maxQueued = limit * 10 } = options;
  const gates = new Map<string, Gate>();
  const create = (target: Target, quota = options.quotaOf?.(target)): Gate => ({
    sentAtMs: Number.NEGATIVE_INFINITY,
    quota: quota && createMinuteQuota(quota, clock),
    queue: createBoundedQueue({ limit, maxQueued, clock, refusal: (retryMs) => overloaded(target, retryMs) }),
    pacer: createPacer({
      clock,
      onChange: (paced, requestsPerSecond) =>
        onServerEvent({ type: 'pacing-changed', target, paced, ...(paced && { requestsPerSecond }) }),
    }),
  });
  return (target) => {
    const key = targetKey(target);
    const gate = gates.get(key) ?? create(target);
    if (!gates.has(key) && gates.size >= maxTargets) forgetIdle(gates);
    gates.set(key, gate);
    return gate;
  };
}

/** A gate with calls in it must stay, else its target would get a second one. */
function forgetIdle(gates: Map<string, Gate>): void {
  for (const [key, { queue }] of gates) {
    if (queue.running + queue.waiting > 0) continue;
    gates.delete(key);
    return;
  }
}

/** Waits for the slot of a request, and takes its part of the quota. */
async function paceOut(
  { pacer, quota }: Gate,
  tokens: number,
  worthMs: number,
  { target }: RoutedRequest,
  { signal }: CallContext,
  clock: Clock,
): Promise<Taken | undefined> {
  const quotaWaitMs = quota?.waitMs(tokens) ?? 0;
  if (quotaWaitMs > worthMs) throw overloaded(target, quotaWaitMs);
  const pace = pacer.reserve(tokens, worthMs);
  if (!pace.admitted) throw overloaded(target, pace.waitMs);
  const waitMs = Math.max(quotaWaitMs, pace.waitMs);
  const taken = quota?.take(tokens, waitMs);
  try {
    if (waitMs > 0) await clock.sleep(waitMs, signal);
    return taken;
  } catch (error) {
    taken?.undo();
    throw error;
  }
}

/** Who failed without a word of what was used is taken to have used what was reserved. */
function settle(
  taken: Taken | undefined,
  { model }: Target,
  outcome: 'accepted' | 'throttled' | undefined,
  usage: Usage | undefined,
): void {
  if (usage) taken?.settle(quotaTokens(model, usage));
  else if (outcome === 'throttled') taken?.settle(0);
}

function overloaded(target: Target, retryAfterMs: number): ServiceError {
  return new ServiceError('rate_limit', `${targetKey(target)} is busy: no place or no slot is free in time.`, {
    reason: 'overloaded',
    target,
    retryAfterMs: Math.min(longestRetryMs, retryAfterMs),
  });
}
