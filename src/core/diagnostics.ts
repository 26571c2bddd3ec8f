import type { CallRecord } from './call-record.js';
import type { Caller } from './pipeline.js';

/** What a call spends its time on, in the order of its life. */
export const callPhases = [
  'admission_and_cache',
  'routing',
  'budget',
  'target_queue',
  'first_token',
  'generation',
  'failed_attempts',
  'retry_wait',
  'booking',
] as const;
export type CallPhase = (typeof callPhases)[number];

export interface PhaseTime {
  readonly phase: CallPhase;
  readonly ms: number;
}

/** One event of a call. */
export interface TraceStep {
  /** Milliseconds after the start of the call. */
  readonly atMs: number;
  readonly event: string;
  /** In words; empty where the event says it all. */
  readonly detail: string;
}

export interface CallTrace {
  readonly requestId: string;
  readonly tool: string;
  /** Wall clock. */
  readonly startedAtMs: number;
  readonly status: 'running' | 'succeeded' | 'failed';
  readonly totalMs: number;
  /** Those that took time; they add up to the total. */
  readonly phases: readonly PhaseTime[];
  /** The phase that took most of the time. */
  readonly bottleneck?: PhaseTime;
  readonly steps: readonly TraceStep[];
  readonly record: CallRecord;
}

export interface HotFunction {
  readonly name: string;
  /** File and line, without its folder. */
  readonly place: string;
  /** Part of the samples, 0 to 1. */
  readonly share: number;
}

/** What the process did for some seconds. */
export interface Profile {
  readonly seconds: number;
  /** Part of one processor, 0 to 1 and above where threads help. */
  readonly cpu: number;
  /** Delay of the event loop, milliseconds. */
  readonly loopDelay: { readonly p50: number; readonly p99: number; readonly max: number };
  readonly rssBytes: number;
  readonly heapBytes: number;
  readonly hot: readonly HotFunction[];
}

export interface Diagnostics {
  /** @throws ServiceError validation when no recent call of this caller has the id. */
  trace(requestId: string, caller: Caller): CallTrace;
  /** The latest calls of the caller, newest first. */
  recent(caller: Caller, limit: number): readonly CallTrace[];
  /** @throws ServiceError rate_limit while another profile is taken. */
  profile(seconds: number, signal: AbortSignal): Promise<Profile>;
}
