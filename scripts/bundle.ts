// Builds the one-click bundle for Claude Desktop and other clients that take .mcpb files.
//   npm run bundle [-- --out DIR]      writes kairos-bedrock-mcp-VERSION.mcpb
// The bundle holds the npm package as users get it, with the packages that it needs at run time.
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { version } from '../src/version.js';
import { tools } from '../tools/index.js';
import { bundleManifest } from './packaging/manifests.js';

const { values } = parseArgs({ options: { out: { type: 'string', default: '.' } } });
const output = resolve(values.out, `kairos-bedrock-mcp-${version}.mcpb`);
const staging = mkdtempSync(join(tmpdir(), 'mcpb-'));

/** Its own output belongs on stderr; only what it was asked for is read. */
const run = (command: string, ...args: string[]): string =>
  execFileSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'], maxBuffer: 64 * 1_048_576 });

try {
  const packed = JSON.parse(run('npm', 'pack', '--json', '--ignore-scripts', '--pack-destination', staging)) as [
    { filename: string },
  ];
  const tarball = join(staging, packed[0].filename);
  const server = join(staging, 'bundle', 'server');
  mkdirSync(server, { recursive: true });
  run('npm', 'install', '--prefix', server, '--omit=dev', '--ignore-scripts', '--no-audit', '--no-fund', tarball);
  const manifest = join(staging, 'bundle', 'manifest.json');
  writeFileSync(manifest, `${JSON.stringify(bundleManifest(tools), null, 2)}\n`);
  console.log(run('npx', 'mcpb', 'validate', manifest).trim());
  run('npx', 'mcpb', 'pack', join(staging, 'bundle'), output);
  console.log(`Written: ${output}`);
} finally {
  rmSync(staging, { recursive: true, force: true });
}
