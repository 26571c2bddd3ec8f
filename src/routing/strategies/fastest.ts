import { expectedLatencyMs, logShares, unreliability } from './estimates.js';
import type { RoutingStrategy } from './routing-strategy.js';

/** The shortest expected time, as measured, or as its size suggests before the first call. */
export const fastest: RoutingStrategy = {
  name: 'fastest',
  rank: (_, candidates, measured) => {
    const latencies = candidates.map((candidate) => expectedLatencyMs(candidate, measured));
    const shares = logShares(latencies);
    return candidates.map((candidate, index) => ({
      candidate,
      score: 1 - (shares[index] ?? 0) - unreliability(candidate, measured),
      reasons: [`about ${Math.round(latencies[index] ?? 0)} ms expected`],
    }));
  },
};
