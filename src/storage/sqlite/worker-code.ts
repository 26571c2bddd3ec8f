import { fileURLToPath } from 'node:url';
import { Worker, type WorkerOptions } from 'node:worker_threads';

let bundled: Promise<string> | undefined;

/** Starts the thread with the code beside this file. */
export async function startWorker(options: WorkerOptions): Promise<Worker> {
  if (!import.meta.url.endsWith('.ts')) return new Worker(new URL('./sqlite-worker.js', import.meta.url), options);
  // Tests and scripts run the sources, which a thread of Node 20 cannot read: it gets what the compiler would make.
  bundled ??= bundle();
  return new Worker(await bundled, { ...options, eval: true });
}

async function bundle(): Promise<string> {
  const { build } = await import('esbuild');
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL('./sqlite-worker.ts', import.meta.url))],
    bundle: true,
    write: false,
    platform: 'node',
    format: 'cjs',
    packages: 'external',
  });
  return outputFiles[0]?.text ?? '';
}
