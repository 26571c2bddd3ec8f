import { Worker, type WorkerOptions } from 'node:worker_threads';

/**
 * Starts the thread with the code beside this file. Tests and scripts run the sources, which a thread of Node 20 cannot
 * read: they take the thread of the last build.
 */
export function startWorker(options: WorkerOptions): Worker {
  const built = import.meta.url.endsWith('.ts') ? '../../../dist/src/storage/sqlite/' : './';
  return new Worker(new URL(`${built}sqlite-worker.js`, import.meta.url), options);
}
