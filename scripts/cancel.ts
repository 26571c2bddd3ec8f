import { parseArgs } from 'node:util';
import { runCancellations } from './lab/cancellation.js';

/* Cancels calls at random moments: `npx tsx scripts/cancel.ts [--calls 10000] [--concurrency 50] [--seed 1]`. */

const { values } = parseArgs({
  options: {
    calls: { type: 'string', default: '10000' },
    concurrency: { type: 'string', default: '50' },
    seed: { type: 'string', default: '1' },
  },
});

const report = await runCancellations(Number(values.calls), Number(values.concurrency), Number(values.seed));
const late = report.upstreamEndedMs.p99 > 100 ? ['a cancel took more than 100 ms to reach the sandbox (p99)'] : [];
const violations = [...report.violations, ...late];
process.stdout.write(`${JSON.stringify({ ...report, violations }, undefined, 2)}\n`);
process.exitCode = violations.length > 0 ? 1 : 0;
