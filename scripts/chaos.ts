import { parseArgs } from 'node:util';
import { runChaos } from './lab/chaos.js';

/* Random faults under load: `npx tsx scripts/chaos.ts --seed 7 --requests 5000 [--seeds 20]`. The same seed, the same plan. */

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
  process.stdout.write(`${JSON.stringify(report, undefined, 2)}\n`);
  if (report.violations.length > 0) broken += 1;
}
process.exitCode = broken > 0 ? 1 : 0;
