// Start to answered `initialize` over stdio: this server against a bare "hello" server on the same MCP SDK, side by
// side, alternating. Prints medians and their ratio; exits 1 when the ratio is above the bar.
//   npm run build && node scripts/bench-start.mjs [--runs 21] [--bar 1.5]
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: { runs: { type: 'string', default: '21' }, bar: { type: 'string', default: '1.5' } },
});
const runs = Number(values.runs);
const bar = Number(values.bar);

const folder = mkdtempSync(join(resolve('node_modules'), '.bench-start-'));
const dataDir = mkdtempSync(join(tmpdir(), 'bench-start-'));
const hello = join(folder, 'hello.mjs');
writeFileSync(
  hello,
  `import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import { z } from 'zod';
const server = new McpServer({ name: 'hello', version: '1.0.0' });
server.registerTool('hello', { description: 'Says hello.', inputSchema: z.object({ name: z.string() }) }, ({ name }) => ({
  content: [{ type: 'text', text: 'Hello ' + name }],
}));
await server.connect(new StdioServerTransport());
`,
);

const initialize = `${JSON.stringify({
  jsonrpc: '2.0',
  id: 1,
  method: 'initialize',
  params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'bench', version: '1' } },
})}\n`;

/** Milliseconds from spawning the process to the first byte of the answer. */
function startOnce(args) {
  return new Promise((done, fail) => {
    const startedAt = performance.now();
    const server = spawn(process.execPath, args, {
      stdio: ['pipe', 'pipe', 'ignore'],
      env: { ...process.env, BEDROCK_DATA_DIR: dataDir },
    });
    server.stdout.once('data', () => {
      done(performance.now() - startedAt);
      server.kill('SIGKILL');
    });
    server.once('error', fail);
    server.once('exit', (code) => fail(new Error(`exit code ${code} before an answer`)));
    server.stdin.write(initialize);
  });
}

const median = (numbers) => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)];
const variants = {
  hello: [hello],
  'this server': ['dist/src/main.js', 'serve'],
  'this server, sandbox': ['dist/src/main.js', 'serve', '--sandbox'],
};
const times = Object.fromEntries(Object.keys(variants).map((name) => [name, []]));
try {
  for (let run = -2; run < runs; run += 1) {
    for (const [name, args] of Object.entries(variants)) {
      const time = await startOnce(args);
      // The first two rounds only warm the disk cache.
      if (run >= 0) times[name].push(time);
    }
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
  rmSync(dataDir, { recursive: true, force: true });
}
const base = median(times.hello);
for (const [name, measured] of Object.entries(times)) {
  const middle = median(measured);
  console.log(
    `${name.padEnd(22)} median ${middle.toFixed(0).padStart(4)} ms of ${runs} runs, ${(middle / base).toFixed(2)} x hello`,
  );
}
const ratio = median(times['this server']) / base;
console.log(`bar ${bar}: ${ratio <= bar ? 'met' : 'missed'}`);
process.exitCode = ratio <= bar ? 0 : 1;
