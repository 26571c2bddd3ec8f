import { PassThrough } from 'node:stream';
import { Presets, SingleBar } from 'cli-progress';
import type { OutputStream } from './terminal.js';

export interface ProgressBar {
  update(done: number): void;
  stop(): void;
}

/** A bar where a person reads; elsewhere nothing is drawn. */
export function createProgressBar(stream: OutputStream, total: number): ProgressBar {
  if (stream.isTTY !== true) return { update: () => undefined, stop: () => undefined };
  const drawn = Object.assign(new PassThrough(), { isTTY: true });
  drawn.on('data', (text: Buffer) => void stream.write(text.toString()));
  const bar = new SingleBar(
    { stream: drawn, format: '{bar} {value}/{total} | {eta_formatted} left' },
    Presets.shades_classic,
  );
  bar.start(total, 0);
  return { update: (done) => bar.update(done), stop: () => bar.stop() };
}
