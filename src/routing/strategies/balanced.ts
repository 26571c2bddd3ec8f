import { expectedLatencyMs, logShares, unreliability } from './estimates.js';
import type { RoutingStrategy } from './routing-strategy.js';

/** What one step down the order of preference costs in quality: little for simple requests, more for hard ones. */
const qualityStep = { base: 0.06, byComplexity: 0.1 };
const costWeight = 0.1;
const latencyWeight = 0.06;

/** Quality by the order of preference, less weighted cost and latency, each within the range of the candidates. */
export const balanced: RoutingStrategy = {
  name: 'balanced',
  rank: ({ complexity }, candidates, measured) => {
    const costs = logShares(candidates.map((candidate) => candidate.cost));
    const latencies = logShares(candidates.map((candidate) => expectedLatencyMs(candidate, measured)));
    const step = qualityStep.base + qualityStep.byComplexity * complexity.score;
    return candidates.map((candidate, index) => {
      const quality = 1 - step * candidate.preference;
      const cost = costWeight * (costs[index] ?? 0);
      const latency = latencyWeight * (latencies[index] ?? 0);
      const parts = `quality ${quality.toFixed(2)}, cost −${cost.toFixed(2)}, latency −${latency.toFixed(2)}`;
      return { candidate, score: quality - cost - latency - unreliability(candidate, measured), reasons: [parts] };
    });
  },
};
