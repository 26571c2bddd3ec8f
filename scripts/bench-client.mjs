import { fork } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { BedrockRuntimeClient, ConverseStreamCommand } from '@aws-sdk/client-bedrock-runtime';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { createAuthenticationManager } from '../dist/src/bedrock/authentication-manager.js';
import { createBedrockClient } from '../dist/src/bedrock/bedrock-client.js';
import { systemClock } from '../dist/src/core/clock.js';
import { attemptBudget } from '../dist/src/core/pipeline.js';
import { modelId, region } from '../dist/src/core/target.js';
import { loadCatalogue } from '../dist/src/models/catalogue/load-catalogue.js';
import { encodeEvent } from '../dist/src/sandbox/event-stream.js';

/*
 * CPU that one answer of twelve events costs: our client beside the bare SDK on its NodeHttpHandler, by turns in one
 * process, the server in another. The ratio is the median over the rounds; a machine that is busy moves it little.
 * `npm run build && node scripts/bench-client.mjs [rounds] [turns of a round]`
 */

const bar = 1.15;
const credentials = { accessKeyId: 'AKIDBENCH', secretAccessKey: 'secret' };
const id = 'amazon.nova-lite-v1:0';

function twelveEvents() {
  const at = { contentBlockIndex: 0 };
  const words = ['The ', 'weather ', 'in Bern ', 'is sunny ', 'today, ', 'with a ', 'light ', 'breeze.'];
  const usage = { inputTokens: 12, outputTokens: 16, totalTokens: 28 };
  return Buffer.concat([
    encodeEvent('messageStart', { role: 'assistant', p: 'abcdefghij' }),
    ...words.map((text) => encodeEvent('contentBlockDelta', { ...at, delta: { text }, p: 'abcdefghijklm' })),
    encodeEvent('contentBlockStop', { ...at, p: 'abc' }),
    encodeEvent('messageStop', { stopReason: 'end_turn', p: 'abcdef' }),
    encodeEvent('metadata', { usage, metrics: { latencyMs: 12 }, p: 'abcdefgh' }),
  ]);
}

function serve() {
  const body = twelveEvents();
  const headers = { 'content-type': 'application/vnd.amazon.eventstream', 'content-length': body.length };
  const server = createServer((request, response) => {
    request.resume();
    request.once('end', () => response.writeHead(200, headers).end(body));
  });
  server.listen(0, '127.0.0.1', () => process.send?.(server.address().port));
}

function ownCall(endpoint) {
  const catalogue = loadCatalogue();
  const client = createBedrockClient({
    clock: systemClock,
    authentication: createAuthenticationManager({ clock: systemClock, ...credentials }),
    models: { find: (name) => catalogue.models.find((model) => model.id === name) },
    source: 'bedrock',
    endpoint,
    firstTokenTimeoutMs: 5_000,
    idleTimeoutMs: 30_000,
  });
  const request = {
    messages: [{ role: 'user', content: 'What is the weather in Bern?' }],
    max_tokens: 200,
    target: { model: modelId(id), region: region('us-east-1') },
  };
  const { signal } = new AbortController();
  const context = {
    requestId: 'bench',
    tool: 'bench',
    caller: { id: 'bench', tenant: 'bench' },
    signal,
    deadlineMs: Number.POSITIVE_INFINITY,
    attempts: attemptBudget(Number.MAX_SAFE_INTEGER),
    onText: () => undefined,
    record: () => undefined,
  };
  return async () => (await client.converse(request, context)).usage.totalTokens;
}

function bareCall(endpoint) {
  const client = new BedrockRuntimeClient({
    endpoint,
    region: 'us-east-1',
    credentials,
    maxAttempts: 1,
    requestHandler: new NodeHttpHandler(),
  });
  const input = {
    modelId: id,
    messages: [{ role: 'user', content: [{ text: 'What is the weather in Bern?' }] }],
    inferenceConfig: { maxTokens: 200 },
  };
  return async () => {
    const { stream } = await client.send(new ConverseStreamCommand(input));
    let total = 0;
    for await (const event of stream ?? []) total = event.metadata?.usage?.totalTokens ?? total;
    return total;
  };
}

/** CPU of some calls one after the other, user and system, in microseconds. */
async function cpuOf(call, times) {
  const before = process.cpuUsage();
  for (let count = 0; count < times; count += 1) {
    if ((await call()) !== 28) throw new Error('The answer is not the one that was sent.');
  }
  const { user, system } = process.cpuUsage(before);
  return user + system;
}

/**
 * Both sides by turns of a few calls, so that whatever else the machine does falls on both alike. Whoever goes second
 * must not always have the warmer machine.
 */
async function round(sides, turns) {
  const taken = sides.map(() => 0);
  for (let turn = 0; turn < turns; turn += 1) {
    const order = turn % 2 === 0 ? [0, 1] : [1, 0];
    for (const side of order) taken[side] += await cpuOf(sides[side], callsOfATurn);
  }
  return taken.map((microseconds) => microseconds / (turns * callsOfATurn));
}

const callsOfATurn = 5;

function quantile(values, share) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}

async function bench(rounds, turns) {
  const server = fork(process.argv[1] ?? '', ['serve'], { stdio: 'inherit' });
  server.once('exit', (code) => code && process.exit(code));
  const [port] = await once(server, 'message');
  const endpoint = `http://127.0.0.1:${port}`;
  const sides = [ownCall(endpoint), bareCall(endpoint)];
  await round(sides, 100);
  const measured = [];
  for (let count = 0; count < rounds; count += 1) measured.push(await round(sides, turns));
  server.kill();
  const ratios = measured.map(([own, bare]) => own / bare);
  const [ownMicroseconds, bareMicroseconds] = [0, 1].map((side) =>
    Math.round(
      quantile(
        measured.map((figures) => figures[side]),
        0.5,
      ),
    ),
  );
  const [ratio, quarter, threeQuarters] = [0.5, 0.25, 0.75].map((share) => Number(quantile(ratios, share).toFixed(3)));
  const figures = { ownMicroseconds, bareMicroseconds, ratio, quarter, threeQuarters, bar, rounds, turns };
  process.stdout.write(`${JSON.stringify(figures)}\n`);
  process.exit(ratio <= bar ? 0 : 1);
}

if (process.argv[2] === 'serve') serve();
else await bench(Number(process.argv[2] ?? 40), Number(process.argv[3] ?? 20));
