import { parseArgs } from 'node:util';
import { type ChaosReport, runChaos } from './lab/chaos.js';

/*
 * Random faults under load: `npx tsx scripts/chaos.ts --seed 7 --requests 5000`, the same plan for the same seed, or
 * `--seeds 20` for the seeds from there on, one line each. Ends with 1 when an invariant was broken.
 */

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    seeds: { type: 'string', default: '1' },
    requests: { type: 'string', default: '1000' },
    concurrency: { type: 'string', default: '20' },
  },
});

const first = Number(values.seed);
let broken = 0;
for (let seed = first; seed < first + Number(values.seeds); seed += 1) {
  const report = await runChaos({
    seed,
    requests: Number(values.requests),
    concurrency: Number(values.concurrency),
  });
  process.stdout.write(`${values.seeds === '1' ? JSON.stringify(report, undefined, 2) : line(report)}\n`);
  if (report.violations.length > 0) broken += 1;
}
process.exitCode = broken > 0 ? 1 : 0;

function line({ seed, requests, outcomes, upstreamCalls, p50Ms, p99Ms, violations }: ChaosReport): string {
  const ended = Object.entries(outcomes).map(([outcome, count]) => `${outcome} ${count}`);
  const verdict = violations.length === 0 ? 'ok' : `BROKEN: ${violations.slice(0, 5).join('; ')}`;
  const ratio = (upstreamCalls / requests).toFixed(2);
  return `seed ${seed}: ${verdict} | ${requests} calls made: ${ended.join(', ')} | ${ratio} upstream a call | p50 ${p50Ms} ms, p99 ${p99Ms} ms`;
}
