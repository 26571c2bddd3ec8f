import type { Operation } from './match.js';
import type { Usage } from './usage.js';

/** One request that reached the sandbox. Written on while the request is worked on. */
export interface RecordedCall {
  readonly id: string;
  /** Milliseconds since 1970. */
  readonly atMs: number;
  readonly protocol: 'http/1.1' | 'h2c';
  operation?: Operation;
  modelId?: string;
  region?: string;
  accessKeyId?: string;
  /** Missing until an answer was begun. */
  status?: number;
  /** The name of the AWS error that was answered, or what broke the call off before there was an answer. */
  error?: string;
  /** The kind of the fault that was played. */
  fault?: string;
  /** The client went away before the answer was complete. */
  aborted: boolean;
  /** Missing while the call is in work. */
  durationMs?: number;
  bytesSent: number;
  eventsSent: number;
  requestBody: string;
  usage?: Usage;
}

export interface CallLog {
  add(call: RecordedCall): void;
  /** The oldest first. */
  list(): readonly RecordedCall[];
  clear(): void;
}

/** Keeps the last `capacity` calls. */
export function createCallLog(capacity: number): CallLog {
  let calls: RecordedCall[] = [];
  let next = 0;
  return {
    add: (call) => {
      calls[next % capacity] = call;
      next += 1;
    },
    list: () => {
      const start = next > capacity ? next % capacity : 0;
      return [...calls.slice(start), ...calls.slice(0, start)];
    },
    clear: () => {
      calls = [];
      next = 0;
    },
  };
}
