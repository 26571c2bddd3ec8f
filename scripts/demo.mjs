// Run by demo.sh after the build: a newcomer's tour through a real MCP client, first over stdio, then over HTTP.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs, styleText } from 'node:util';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';

const { values: options } = parseArgs({ options: { aws: { type: 'boolean', default: false } } });
const serverEntry = 'dist/src/main.js';
const dataDir = mkdtempSync(join(tmpdir(), 'kairos-bedrock-demo-'));
const backend = options.aws ? [] : ['--sandbox'];
const env = { ...process.env, BEDROCK_DATA_DIR: dataDir, BEDROCK_LOG_LEVEL: 'warn', BEDROCK_DAILY_COST_LIMIT: '5' };

const heading = (text) => console.log(`\n${paint(['bold', 'cyan'], text)}`);
const line = (text) => console.log(`  ${text}`);
const paint = (style, text) => (process.stdout.isTTY ? styleText(style, text) : text);
const usd = (value) => `$${value.toFixed(6)}`;

function table(rows) {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => String(row[column]).length)));
  for (const row of rows) line(row.map((cell, column) => String(cell).padEnd(widths[column])).join('  '));
}

async function call(client, name, args = {}) {
  const result = await client.callTool({ name, arguments: args });
  if (result.isError) {
    throw new Error(`${name}: ${result.structuredContent?.error?.message ?? JSON.stringify(result.content)}`);
  }
  return result.structuredContent;
}

const questions = [
  ['code', 'Write a TypeScript function that parses an ISO 8601 duration.'],
  ['reasoning', 'Prove that there are infinitely many primes, step by step.'],
  ['general', 'Write a friendly two-sentence welcome message for a new colleague.'],
];

async function tour(client) {
  heading('Which models can be called here?');
  const { models } = await call(client, 'bedrock_models', { status: 'active' });
  line(
    `${models.length} active models, for example ${models
      .slice(0, 4)
      .map((model) => model.id)
      .join(', ')}`,
  );

  heading('Where would a request go, and why?  (bedrock_route: no model is called)');
  const decisions = [['asked', 'task', 'sure', 'goes to', 'could cost']];
  for (const [, prompt] of questions) {
    const { task, confidence, chosen, candidates } = await call(client, 'bedrock_route', { prompt, max_tokens: 300 });
    const cost = candidates[0].estimated_cost_usd;
    decisions.push([
      `${prompt.slice(0, 44)}…`,
      task,
      `${Math.round(confidence * 100)} %`,
      chosen.model,
      usd(cost ?? 0),
    ]);
  }
  table(decisions);

  heading('Ask them  (bedrock_invoke)');
  for (const [, prompt] of questions) {
    const answer = await call(client, 'bedrock_invoke', { prompt, max_tokens: 300, tags: { demo: 'tour' } });
    line(paint('dim', `> ${prompt}`));
    line(answer.text.replaceAll(/\s+/g, ' ').slice(0, 110));
    const { model, usage, cost_usd, latency_ms, source } = answer;
    line(
      `  ${model.used} · ${usage.total_tokens} tokens · ${usd(cost_usd)} · ${Math.round(latency_ms)} ms · ${source}`,
    );
  }

  heading('The same question again is answered from the cache');
  const repeat = { prompt: questions[2][1], max_tokens: 300, cache: 'static' };
  await call(client, 'bedrock_invoke', repeat);
  const again = await call(client, 'bedrock_invoke', repeat);
  line(`cache ${again.cache.hit ? 'hit' : 'miss'}, cost ${usd(again.cost_usd)}, ${again.latency_ms.toFixed(1)} ms`);

  heading('A retired model still works: its successor answers and says so');
  const retired = await call(client, 'bedrock_invoke', {
    prompt: 'Hello!',
    model: 'Titan Text Express v1',
    max_tokens: 50,
  });
  line(`asked for ${retired.model.requested}, served by ${retired.model.used}`);
  for (const notice of retired.notices) line(`notice: ${notice}`);
}

async function costs(client) {
  heading('What did it cost?  (bedrock_cost_report)');
  const report = await call(client, 'bedrock_cost_report', { period: 'today', group_by: 'model' });
  table([
    ['model', 'calls', 'input', 'output', 'cost'],
    ...report.groups.map((group) => [
      group.key,
      group.calls,
      group.usage.input_tokens,
      group.usage.output_tokens,
      usd(group.cost_usd),
    ]),
    [
      'total',
      report.totals.calls,
      report.totals.usage.input_tokens,
      report.totals.usage.output_tokens,
      usd(report.totals.cost_usd),
    ],
  ]);
  for (const budget of report.budgets) {
    line(
      `budget ${budget.scope}: ${usd(budget.spent_usd)} of ${usd(budget.limit_usd ?? 0)} spent, state ${budget.state}`,
    );
  }
}

async function health(client) {
  heading('Is everything all right?  (bedrock_health)');
  const report = await call(client, 'bedrock_health');
  line(`${report.status}, version ${report.version}`);
  for (const check of report.checks) line(`${check.status === 'healthy' ? '✓' : '!'} ${check.name}: ${check.detail}`);
}

async function overStdio() {
  const client = new Client({ name: 'demo', version: '1.0.0' });
  try {
    await driveOverStdio(client);
  } finally {
    await client.close();
  }
}

async function driveOverStdio(client) {
  await client.connect(
    new StdioClientTransport({
      command: process.execPath,
      args: [serverEntry, 'serve', ...backend],
      env,
      stderr: 'inherit',
    }),
  );
  heading(`Connected over stdio to ${client.getServerVersion().name} ${client.getServerVersion().version}`);
  const { tools } = await client.listTools();
  line(`tools: ${tools.map((tool) => tool.name).join(', ')}`);
  await tour(client);
  await costs(client);
  await health(client);
}

function freePort() {
  return new Promise((resolve) => {
    const probe = createServer().listen(0, '127.0.0.1', () => {
      const { port } = probe.address();
      probe.close(() => resolve(port));
    });
  });
}

async function untilReady(url, server) {
  for (let attempt = 0; attempt < 200; attempt += 1) {
    if (server.exitCode !== null) throw new Error(`the server ended with exit code ${server.exitCode}`);
    const answer = await fetch(`${url}/readyz`).catch(() => undefined);
    if (answer?.ok) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error('the server did not become ready within ten seconds');
}

async function overHttp() {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const args = [serverEntry, 'serve', '--transport', 'http', '--port', String(port), ...backend];
  const server = spawn(process.execPath, args, { env, stdio: ['ignore', 'ignore', 'inherit'] });
  try {
    await untilReady(url, server);
    const client = new Client({ name: 'demo', version: '1.0.0' });
    await client.connect(new StreamableHTTPClientTransport(new URL(`${url}/mcp`)));
    heading(`Connected over HTTP at ${url}/mcp: the same tools, the same ledger`);
    const answer = await call(client, 'bedrock_invoke', {
      prompt: 'Say hello over HTTP.',
      model: 'claude',
      max_tokens: 100,
    });
    line(`${answer.model.used} · ${usd(answer.cost_usd)} · ${answer.source}`);
    await costs(client);
    await health(client);
    await client.close();
  } finally {
    server.kill('SIGTERM');
    await new Promise((resolve) => server.once('exit', resolve));
  }
}

try {
  console.log(
    options.aws
      ? 'Demo against Amazon Bedrock with your AWS credentials.'
      : 'Demo against the built-in sandbox: real AWS SDK, real wire protocol, canned answers, nothing is spent.',
  );
  await overStdio();
  await overHttp();
  console.log(`\n${paint('green', 'Everything worked.')}`);
} catch (error) {
  console.error(`\n${paint('red', 'The demo failed:')} ${error.message}`);
  process.exitCode = 1;
} finally {
  rmSync(dataDir, { recursive: true, force: true });
}
