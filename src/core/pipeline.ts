import type { CallEvent } from './events.js';
import type { ModelResponse } from './response.js';

/** Rights of a caller: look, spend on models, change the server. None contains another. */
export const scopes = ['read', 'invoke', 'admin'] as const;
export type Scope = (typeof scopes)[number];

/** Limits of one caller's own spending, beside those of the server; USD in a UTC day and a UTC month. */
export interface CallerBudget {
  readonly dailyUsd?: number;
  readonly monthlyUsd?: number;
}

/** Who asks. `id` names the caller in records; `tenant` separates what callers may share, such as cached answers. */
export interface Caller {
  readonly id: string;
  readonly tenant: string;
  /** Absent: all of them, for a local user without authentication. */
  readonly scopes?: readonly Scope[];
  /** Names of groups the caller is in, such as teams that share a budget. */
  readonly groups?: readonly string[];
  /** Model ids or aliases that the caller may use. Absent: every model. */
  readonly allowedModels?: readonly string[];
  readonly budget?: CallerBudget;
}

export function hasScope(caller: Caller, scope: Scope): boolean {
  return caller.scopes === undefined || caller.scopes.includes(scope);
}

/** One count of attempts over all retries and targets of a call, so that they are bounded together. */
export interface AttemptBudget {
  /** Number of the next attempt, from 1; undefined when the call has used up its attempts. */
  take(): number | undefined;
}

export function attemptBudget(limit: number): AttemptBudget {
  let taken = 0;
  return {
    take: () => {
      if (taken >= limit) return undefined;
      taken += 1;
      return taken;
    },
  };
}

/** Whose call waits when there are more calls than places. */
export const callPriorities = ['interactive', 'batch', 'background'] as const;
export type CallPriority = (typeof callPriorities)[number];

/** What travels with one call through all stages. */
export interface CallContext {
  readonly requestId: string;
  /** The tool, or the command, that makes the call. */
  readonly tool: string;
  readonly caller: Caller;
  /** The kept conversation that the call continues. */
  readonly sessionId?: string;
  /** Aborted when the caller cancels or the deadline passes; every wait and socket of the call listens to it. */
  readonly signal: AbortSignal;
  /** End of the time allowed, on the monotonic clock, milliseconds. */
  readonly deadlineMs: number;
  readonly attempts: AttemptBudget;
  /** Default: interactive. */
  readonly priority?: CallPriority;
  /** True when no other target is left: a resting one may be probed, and a busy one is worth waiting for. */
  readonly lastResort?: boolean;
  /** True when the same model is left to ask elsewhere: a throttled target is then neither asked again nor waited for. */
  readonly sameModelLeft?: boolean;
  /**
   * To be awaited before an attempt is sent; rejects when it may not be sent, because its cost is not covered.
   * Attempts are told of through `record`.
   */
  readonly coverAttempt?: () => Promise<void>;
  /** Told when the first piece of an attempt's answer arrives. */
  readonly onFirstToken?: () => void;
  /** Takes text as it arrives. Once it was called, the call can no longer be retried or moved. */
  readonly onText?: (text: string) => void;
  /** Takes text as it arrives, to be looked at only: an attempt that fails takes back what it showed. */
  readonly onPreview?: (text: string) => void;
  readonly record: (event: CallEvent) => void;
}

export type Handler<Request, Response = ModelResponse> = (request: Request, context: CallContext) => Promise<Response>;

/** A stage answers itself, acts before and after, or calls `next` again; it never knows what comes after it. */
export type Stage<Outer, Inner = Outer, Response = ModelResponse> = (
  next: Handler<Inner, Response>,
) => Handler<Outer, Response>;

/** Builds a handler from stages, outermost first. A stage that needs what no earlier stage made does not compile. */
export interface Pipeline<Outer, Inner> {
  through<Next>(stage: Stage<Inner, Next>): Pipeline<Outer, Next>;
  to(handler: Handler<Inner>): Handler<Outer>;
}

export function pipeline<Outer>(): Pipeline<Outer, Outer> {
  return extend<Outer, Outer>((handler) => handler);
}

function extend<Outer, Inner>(wrap: Stage<Outer, Inner>): Pipeline<Outer, Inner> {
  return {
    through: (stage) => extend((handler) => wrap(stage(handler))),
    to: (handler) => wrap(handler),
  };
}
