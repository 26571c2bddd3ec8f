/** As JSON-RPC has it. */
export type RequestId = string | number;

/** The requests of one client that run now. */
export interface RunningRequests {
  has(id: RequestId): boolean;
  size(): number;
  /** `closed` ends it like a cancel does. */
  run<Result>(id: RequestId, closed: AbortSignal, work: (signal: AbortSignal) => Promise<Result>): Promise<Result>;
  cancel(id: RequestId, reason: unknown): void;
  /** True once for a request that was cancelled: nobody waits for its answer. */
  takeCancelled(id: RequestId): boolean;
  /** Resolves as soon as none runs. */
  idle(): Promise<void>;
}

export function createRunningRequests(): RunningRequests {
  const running = new Map<RequestId, AbortController>();
  const cancelled = new Set<RequestId>();
  let waiting: (() => void)[] = [];

  function end(id: RequestId): void {
    running.delete(id);
    if (running.size > 0) return;
    for (const resolve of waiting) resolve();
    waiting = [];
  }

  return {
    has: (id) => running.has(id),
    size: () => running.size,
    run: async (id, closed, work) => {
      const ending = new AbortController();
      const onClosed = () => ending.abort(closed.reason);
      closed.addEventListener('abort', onClosed, { once: true });
      running.set(id, ending);
      try {
        return await work(ending.signal);
      } finally {
        closed.removeEventListener('abort', onClosed);
        end(id);
      }
    },
    cancel: (id, reason) => {
      const ending = running.get(id);
      if (!ending) return;
      cancelled.add(id);
      ending.abort(reason);
    },
    takeCancelled: (id) => cancelled.delete(id),
    idle: () => (running.size === 0 ? Promise.resolve() : new Promise((resolve) => waiting.push(resolve))),
  };
}
