const samples = 512;

/** Milliseconds. */
export interface LookupTimes {
  readonly p50: number;
  readonly p99: number;
}

/** The times of the last look-ups. */
export function createLookupTimes() {
  const times = new Float64Array(samples);
  let taken = 0;
  return {
    took: (ms: number): void => {
      times[taken % samples] = ms;
      taken += 1;
    },
    /** Undefined before the first. */
    read: (): LookupTimes | undefined => {
      if (taken === 0) return undefined;
      const sorted = times.slice(0, Math.min(taken, samples)).sort();
      const at = (part: number) => sorted[Math.floor((sorted.length - 1) * part)] ?? 0;
      return { p50: at(0.5), p99: at(0.99) };
    },
  };
}
