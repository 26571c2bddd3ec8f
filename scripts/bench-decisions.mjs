import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';

/*
 * Many decisions in one MCP session: their times and the memory of the server should not grow.
 * `npm run build && node scripts/bench-decisions.mjs [calls]`; memory is read from /proc, so on Linux only.
 */

const calls = Number(process.argv[2] ?? 10_000);
const blocks = 10;
const subjects = [
  'Write a function that merges two sorted lists.',
  'What is the probability of two sixes with two dice?',
  'Write a letter to my landlord about the heating.',
  '为什么天空是蓝色的？',
  `Summarize this: ${'The committee met in spring and spoke of the harbour. '.repeat(200)}`,
];

const dataDir = await mkdtemp(join(tmpdir(), 'kairos-decisions-'));
const env = { ...process.env, BEDROCK_SANDBOX: 'true', BEDROCK_DATA_DIR: dataDir, BEDROCK_LOG_LEVEL: 'error' };
const transport = new StdioClientTransport({ command: process.execPath, args: ['dist/src/main.js', 'serve'], env });
const client = new Client({ name: 'bench', version: '1' });
await client.connect(transport);

const residentMb = () =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${transport.pid}/status`, 'utf8'))?.[1]) / 1_024;
const percentile = (times, share) => times[Math.min(times.length - 1, Math.floor(times.length * share))].toFixed(2);

try {
  for (let block = 1; block <= blocks; block += 1) {
    const times = [];
    for (let call = 0; call < calls / blocks; call += 1) {
      const prompt = `${subjects[call % subjects.length]} (${block}-${call})`;
      const startedMs = performance.now();
      const { isError, structuredContent } = await client.callTool({ name: 'bedrock_route', arguments: { prompt } });
      times.push(performance.now() - startedMs);
      if (isError || structuredContent?.chosen === undefined) throw new Error(`no decision for ${prompt.slice(0, 80)}`);
    }
    times.sort((left, right) => left - right);
    const [p50, p99] = [percentile(times, 0.5), percentile(times, 0.99)];
    console.log(`${(block * calls) / blocks} decisions: p50 ${p50} ms, p99 ${p99} ms, ${residentMb().toFixed(0)} MB`);
  }
} finally {
  await client.close();
  await rm(dataDir, { recursive: true, force: true });
}
