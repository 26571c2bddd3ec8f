import type { Worker } from 'node:worker_threads';
import type { StatementResult } from './sql-driver.js';
import { startWorker } from './worker-code.js';
import type { WorkerFailure, WorkerOptions, WorkerReply, WorkerRequest, WorkerStart } from './worker-protocol.js';

/** Requests that may wait for their answer; far more than calls can be in flight. */
const mostPending = 10_000;

type WithoutId<Request> = Request extends WorkerRequest ? Omit<Request, 'id'> : never;
export type ThreadRequest = WithoutId<WorkerRequest>;

/** A connection to an SQLite file that lives in a thread of its own. */
export interface SqliteThread {
  /** Rejects with the error of SQLite, `code` included. */
  ask(request: ThreadRequest): Promise<readonly StatementResult[]>;
  /** False once the thread has ended. */
  isAlive(): boolean;
  /** Answers what was asked before, then ends the thread. */
  close(): Promise<void>;
}

interface Pending {
  readonly resolve: (results: readonly StatementResult[]) => void;
  readonly reject: (error: Error) => void;
}

/** @throws the error of SQLite, `code` included, when the file cannot be used. */
export async function startSqliteThread(options: WorkerOptions): Promise<SqliteThread> {
  const worker = startWorker({ workerData: options });
  await started(worker);
  return threadOn(worker);
}

function started(worker: Worker): Promise<void> {
  return new Promise((resolve, reject) => {
    worker.once('message', (start: WorkerStart) => {
      if ('ready' in start) resolve();
      else reject(errorOf(start.failure));
    });
    worker.once('error', reject);
    worker.once('exit', () => reject(new Error('The database thread has ended.')));
  });
}

function threadOn(worker: Worker): SqliteThread {
  const pending = new Map<number, Pending>();
  let outbox: WorkerRequest[] = [];
  let lastId = 0;
  let alive = true;

  const ended = (error: Error): void => {
    alive = false;
    for (const { reject } of pending.values()) reject(error);
    pending.clear();
  };
  const send = (): void => {
    const requests = outbox;
    outbox = [];
    worker.postMessage(requests);
  };
  worker.on('message', (replies: readonly WorkerReply[]) => {
    for (const reply of replies) {
      const request = pending.get(reply.id);
      pending.delete(reply.id);
      if ('results' in reply) request?.resolve(reply.results);
      else request?.reject(errorOf(reply.failure));
    }
  });
  worker.on('error', (error) => ended(error instanceof Error ? error : new Error(String(error))));
  worker.on('exit', () => ended(new Error('The database thread has ended.')));

  const ask: SqliteThread['ask'] = (request) => {
    if (!alive) return Promise.reject(new Error('The database thread has ended.'));
    if (pending.size >= mostPending) return Promise.reject(new Error('Too much waits for the database.'));
    lastId += 1;
    const id = lastId;
    // What is asked in one turn of the event loop crosses the border to the thread in one message.
    if (outbox.length === 0) setImmediate(send);
    outbox.push({ ...request, id });
    return new Promise((resolve, reject) => pending.set(id, { resolve, reject }));
  };
  return {
    ask,
    isAlive: () => alive,
    close: async () => {
      if (!alive) return;
      await ask({ kind: 'close' });
      await worker.terminate();
    },
  };
}

function errorOf({ message, code }: WorkerFailure): Error {
  return Object.assign(new Error(message), code !== undefined && { code });
}
