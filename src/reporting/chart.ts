import { Worker } from 'node:worker_threads';
import { ServiceError } from '../core/errors.js';
import type { ChartInput } from './chart-input.js';

/** Far longer than a picture takes, to load the libraries on a busy machine included. */
const limitMs = 30_000;
/** Pictures that are drawn or wait; one is drawn at a time. */
const mostPictures = 8;
const memoryMb = 256;

/** Tests and scripts run the sources, which a thread of Node 20 cannot read: they take the thread of the last build. */
const workerFile = (): URL => {
  const built = import.meta.url.endsWith('.ts') ? '../../dist/src/reporting/' : './';
  return new URL(`${built}chart-worker.js`, import.meta.url);
};

/** Draws pictures one after the other, each in a thread that ends with it, so that nothing of it stays loaded. */
export function createChartPainter(): (input: ChartInput) => Promise<Uint8Array> {
  let last: Promise<unknown> = Promise.resolve();
  let count = 0;
  return (input) => {
    if (count >= mostPictures) {
      return Promise.reject(
        new ServiceError('rate_limit', 'Too many charts are being drawn.', { remedy: 'Ask again in some seconds.' }),
      );
    }
    count += 1;
    const picture = last.then(() => paint(input)).finally(() => (count -= 1));
    last = picture.catch(() => undefined);
    return picture;
  };
}

function paint(input: ChartInput): Promise<Uint8Array> {
  const worker = new Worker(workerFile(), {
    workerData: input,
    resourceLimits: { maxOldGenerationSizeMb: memoryMb },
  });
  return new Promise<Uint8Array>((resolve, reject) => {
    const fail = (cause?: unknown) =>
      reject(
        new ServiceError('internal', 'The chart could not be drawn.', {
          cause,
          remedy: 'Ask for format table or csv, which say the same.',
        }),
      );
    const timer = setTimeout(() => fail(new Error(`no picture after ${limitMs} ms`)), limitMs);
    worker.once('message', (png: Uint8Array) => resolve(png));
    worker.once('error', fail);
    worker.once('exit', () => {
      clearTimeout(timer);
      fail(new Error('the thread ended without a picture'));
    });
  }).finally(() => worker.terminate());
}
