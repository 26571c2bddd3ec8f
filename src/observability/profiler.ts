import { type Profiler, Session } from 'node:inspector/promises';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { Clock } from '../core/clock.js';
import type { HotFunction, Profile } from '../core/diagnostics.js';
import { abortedError, ServiceError } from '../core/errors.js';

const samplingMicroseconds = 1_000;
const shownFunctions = 10;
/** Where the engine was doing nothing of ours. */
const resting = new Set(['(root)', '(idle)', '(program)']);

/** Profiles this process, one at a time; slows it by some per cent while it does. */
export function createProfiler({ clock }: { readonly clock: Clock }) {
  let busy = false;

  return async (seconds: number, signal: AbortSignal): Promise<Profile> => {
    if (busy) {
      throw new ServiceError('rate_limit', 'A profile is being taken already.', { retryAfterMs: 1_000 });
    }
    busy = true;
    try {
      return await takeProfile(seconds, signal, clock);
    } finally {
      busy = false;
    }
  };
}

async function takeProfile(seconds: number, signal: AbortSignal, clock: Clock): Promise<Profile> {
  const session = new Session();
  const delay = monitorEventLoopDelay({ resolution: 5 });
  session.connect();
  try {
    await session.post('Profiler.enable');
    await session.post('Profiler.setSamplingInterval', { interval: samplingMicroseconds });
    await session.post('Profiler.start');
    delay.enable();
    const startedMs = clock.monotonicMs();
    const before = process.cpuUsage();
    await clock.sleep(seconds * 1_000, signal).catch(() => {
      throw abortedError(signal);
    });
    const { user, system } = process.cpuUsage(before);
    const elapsedMs = clock.monotonicMs() - startedMs;
    const { profile } = await session.post('Profiler.stop');
    const { rss, heapUsed } = process.memoryUsage();
    return {
      seconds: elapsedMs / 1_000,
      cpu: (user + system) / 1_000 / elapsedMs,
      loopDelay: { p50: toMs(delay.percentile(50)), p99: toMs(delay.percentile(99)), max: toMs(delay.max) },
      rssBytes: rss,
      heapBytes: heapUsed,
      hot: hotFunctions(profile),
    };
  } finally {
    delay.disable();
    session.disconnect();
  }
}

const toMs = (nanoseconds: number): number => nanoseconds / 1e6;

function hotFunctions({ nodes }: Profiler.Profile): readonly HotFunction[] {
  const hits = new Map<string, { readonly name: string; readonly place: string; count: number }>();
  let total = 0;
  for (const { callFrame, hitCount = 0 } of nodes) {
    total += hitCount;
    if (hitCount === 0 || resting.has(callFrame.functionName)) continue;
    const place = `${callFrame.url.split('/').at(-1) || 'node'}:${callFrame.lineNumber + 1}`;
    const name = callFrame.functionName || '(anonymous)';
    const found = hits.get(`${name} ${place}`) ?? { name, place, count: 0 };
    found.count += hitCount;
    hits.set(`${name} ${place}`, found);
  }
  return [...hits.values()]
    .toSorted((left, right) => right.count - left.count)
    .slice(0, shownFunctions)
    .map(({ name, place, count }) => ({ name, place, share: count / Math.max(1, total) }));
}
