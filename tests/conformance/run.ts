import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { serverFolder, startHttpServer } from '../support/built-server.js';
import { startFixtures } from './fixtures/start-fixtures.js';

/*
 * Runs the public conformance suite twice: against this server's HTTP stack with fixtures, where everything has to
 * pass, and against the built server, where only what stands in tests/conformance/baselines may fail. A line there that
 * passes is an error too. `bash scripts/conformance.sh` installs the suite and starts this.
 */

const here = 'tests/conformance';

interface Round {
  readonly title: string;
  readonly suite: 'conformance-stable' | 'conformance-alpha';
  readonly options: readonly string[];
  /** Fewer checks than this means that the suite did not do its work. */
  readonly atLeast: { readonly fixtures: number; readonly server: number };
  readonly baseline: string;
}

const rounds: readonly Round[] = [
  {
    title: '0.1.16, every scenario',
    suite: 'conformance-stable',
    options: ['--suite', 'all'],
    atLeast: { fixtures: 44, server: 12 },
    baseline: '0.1.16.yml',
  },
  {
    title: '0.2.0-alpha.12, required by 2025-11-25',
    suite: 'conformance-alpha',
    options: ['--requirements', '2025-11-25'],
    atLeast: { fixtures: 84, server: 48 },
    baseline: '2025-11-25.yml',
  },
  {
    title: '0.2.0-alpha.12, required by 2026-07-28',
    suite: 'conformance-alpha',
    options: ['--requirements', '2026-07-28'],
    atLeast: { fixtures: 146, server: 116 },
    baseline: '2026-07-28.yml',
  },
];

interface Outcome {
  readonly ok: boolean;
  readonly passed: number;
  readonly output: string;
}

/** The suite needs Node 22; where this is an older one, npm brings the binary. */
function nodeForSuite(folder: string): string {
  if (Number(process.versions.node.split('.')[0]) >= 22) return process.execPath;
  const brought = join(folder, `node_modules/node-${process.platform}-${process.arch}/bin/node`);
  if (existsSync(brought)) return brought;
  throw new Error('The conformance suite needs Node 22 or newer: run it with that.');
}

function runSuite(folder: string, url: string, round: Round, baseline: readonly string[]): Promise<Outcome> {
  const results = mkdtempSync(join(tmpdir(), 'conformance-'));
  const script = join(folder, 'node_modules', round.suite, 'dist/index.js');
  const args = [script, 'server', '--url', `${url}/mcp`, ...round.options, '-o', results, ...baseline];
  return new Promise((resolve) => {
    execFile(nodeForSuite(folder), args, { timeout: 180_000, maxBuffer: 64 * 1024 * 1024 }, (error, stdout, stderr) => {
      rmSync(results, { recursive: true, force: true });
      const passed = Number(/^Total: (\d+) passed/m.exec(stdout)?.[1] ?? 0);
      resolve({ ok: error === null, passed, output: `${stdout}\n${stderr}` });
    });
  });
}

/** The end of what the suite printed: its summary, and what it says of the baseline. */
const summaryOf = (output: string): string => output.slice(Math.max(0, output.indexOf('=== SUMMARY ===')));

async function runRounds(folder: string, target: 'fixtures' | 'server', url: string): Promise<boolean> {
  let allOk = true;
  for (const round of rounds) {
    const baseline = target === 'server' ? ['--expected-failures', `${here}/baselines/${round.baseline}`] : [];
    const { ok, passed, output } = await runSuite(folder, url, round, baseline);
    const held = ok && passed >= round.atLeast[target];
    allOk &&= held;
    process.stdout.write(`${held ? '✓' : '✗'} ${target}: ${round.title}: ${passed} checks passed\n`);
    if (!held) process.stdout.write(`${summaryOf(output)}\n`);
  }
  return allOk;
}

async function againstFixtures(folder: string): Promise<boolean> {
  const running = await startFixtures();
  try {
    return await runRounds(folder, 'fixtures', running.url);
  } finally {
    await running.close();
  }
}

async function againstServer(folder: string): Promise<boolean> {
  const place = serverFolder();
  const server = await startHttpServer(['--sandbox'], place.env);
  try {
    return await runRounds(folder, 'server', server.url);
  } finally {
    await server.stop();
    place.remove();
  }
}

const [folder = ''] = process.argv.slice(2);
const held = await Promise.all([againstFixtures(folder), againstServer(folder)]);
process.exitCode = held.every(Boolean) ? 0 : 1;
