import { PassThrough } from 'node:stream';
import { describe, expect, it } from '@jest/globals';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { systemClock } from '../../src/core/clock.js';
import { serveStdio } from '../../src/server/transports/stdio.js';
import { fakeClock } from '../support/fake-clock.js';
import { ask, caller, createFace, textOf, until } from './support/face.js';

type Answer = Record<string, unknown>;

/** A server on a pair of streams, and its client as one who writes bytes. */
async function serve({ maxLineBytes = 100_000, drainMs = 5_000, clock = systemClock } = {}) {
  const face = createFace();
  const input = new PassThrough();
  const output = new PassThrough();
  let written = '';
  output.on('data', (chunk: Buffer) => {
    written += chunk.toString();
  });
  const { connector, connectModern } = face;
  const server = await serveStdio({ connector, connectModern, caller, input, output, clock, drainMs, maxLineBytes });
  const answers = () =>
    written
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line) as Answer);
  const answer = async (count = 1): Promise<Answer[]> => {
    await until(() => answers().length >= count, `${count} answers`);
    return answers();
  };
  return { face, input, output, server, answers, answer };
}

const ping = (id: number) => `{"jsonrpc":"2.0","id":${id},"method":"ping"}\n`;
const invoke = (id: number | string, prompt = 'x') =>
  `${JSON.stringify({ jsonrpc: '2.0', id, method: 'tools/call', params: { name: 'bedrock_invoke', arguments: { prompt } } })}\n`;

describe('lines that are no message', () => {
  const badUtf8 = Buffer.concat([
    Buffer.from('{"jsonrpc":"2.0","id":1,"method":"'),
    Buffer.from([0xff, 0xfe, 0x22, 0x7d]),
  ]);

  it.each<[string, string | Buffer, number, unknown]>([
    ['malformed JSON', '{"jsonrpc":', -32_700, null],
    ['a NaN literal', '{"jsonrpc":"2.0","id":1,"method":"ping","params":NaN}', -32_700, null],
    ['bytes that are not UTF-8', badUtf8, -32_700, null],
    ['null', 'null', -32_600, null],
    ['a batch', `[${ping(1).trim()}]`, -32_600, null],
    ['an empty batch', '[]', -32_600, null],
    ['no version', '{"id":4,"method":"ping"}', -32_600, 4],
    ['an id of null', '{"jsonrpc":"2.0","id":null,"method":"ping"}', -32_600, null],
    ['an id with a fraction', '{"jsonrpc":"2.0","id":1.5,"method":"ping"}', -32_600, null],
    ['an id that is an object', '{"jsonrpc":"2.0","id":{},"method":"ping"}', -32_600, null],
    ['a line over the limit', `"${'x'.repeat(100_000)}"`, -32_600, null],
  ])('%s is answered with an error, and the next one is served', async (_, line, code, id) => {
    const { input, answer } = await serve();
    input.write(line);
    input.write('\n');
    input.write(ping(2));
    const [refusal, pong] = await answer(2);
    expect(refusal).toMatchObject({ jsonrpc: '2.0', id, error: { code, message: expect.any(String) } });
    expect(JSON.stringify(refusal)).not.toMatch(/stack|node_modules|\bat /);
    expect(pong).toEqual({ jsonrpc: '2.0', id: 2, result: {} });
  });

  it('a line that never seems to end is thrown away as it comes', async () => {
    const { input, answer, answers } = await serve({ maxLineBytes: 1_000 });
    for (let chunk = 0; chunk < 500; chunk += 1) input.write('x'.repeat(10_000));
    input.write(`\n${ping(1)}`);
    const [refusal, pong] = await answer(2);
    expect(refusal).toMatchObject({ id: null, error: { message: expect.stringContaining('1000 bytes') } });
    expect(pong).toMatchObject({ id: 1, result: {} });
    expect(answers()).toHaveLength(2);
  });

  it.each<[string, unknown]>([
    ['"id":17}', 17],
    ['"id":"a-b"}', 'a-b'],
    ['"id": -3 } \r', -3],
    ['"id":1.5}', null],
    ['"id":{}}', null],
    ['"params":{"arguments":{"id":9}}}', null],
    [String.raw`"prompt":"{\"id\":9}"}}`, null],
  ])('a line over the limit that ends with %s is refused to its sender', async (end, id) => {
    const { input, answer } = await serve({ maxLineBytes: 1_000 });
    input.write(`{"method":"tools/call","params":"${'x'.repeat(3_000)}",`);
    for (const character of end) input.write(character);
    input.write('\n');
    expect(await answer()).toMatchObject([{ id, error: { code: -32_600 } }]);
  });

  it('several messages in one chunk, one in many chunks, blank lines and CRLF are all read', async () => {
    const { input, answer } = await serve();
    input.write(`${ping(1)}\n \r\n${ping(2).replace('\n', '\r\n')}`);
    for (const character of ping(3)) input.write(character);
    expect((await answer(3)).map(({ id }) => id)).toEqual([1, 2, 3]);
  });
});

describe('the end of the input', () => {
  it('lets running calls be answered first', async () => {
    const { face, input, server, answers } = await serve();
    let open = () => {};
    face.service.behaviour = { gate: new Promise<void>((resolve) => (open = resolve)) };
    input.end(invoke(1));
    await until(() => face.service.invocations.length === 1, 'the call began');
    open();
    await server.closed;
    expect(answers()).toMatchObject([{ id: 1, result: { structuredContent: { text: 'echo: x' } } }]);
  });

  it('aborts calls that take too long', async () => {
    const clock = fakeClock();
    const { face, input, server, answers } = await serve({ clock, drainMs: 3_000 });
    face.service.behaviour = { hang: true };
    input.end(invoke(1));
    await until(() => face.service.invocations.length === 1 && clock.sleeps.includes(3_000), 'the drain began');
    expect(face.service.invocations[0]?.aborted).toBe(false);
    await clock.advance(3_000);
    await server.closed;
    expect(face.service.invocations[0]?.aborted).toBe(true);
    expect(answers()).toEqual([]);
  });

  it('is nothing special when nothing runs', async () => {
    const { input, server } = await serve();
    input.end();
    await server.closed;
    await server.close();
  });

  it('comes with a broken output too', async () => {
    const { face, input, output, server } = await serve();
    face.service.behaviour = { hang: true };
    input.write(invoke(1));
    await until(() => face.service.invocations.length === 1, 'the call began');
    output.destroy(new Error('EPIPE'));
    await server.closed;
    expect(face.service.invocations[0]?.aborted).toBe(true);
  });
});

it('cancels the call that the notification names, and no other', async () => {
  const { face, input, answer } = await serve();
  face.service.behaviour = { hang: true };
  input.write(invoke(1, 'one') + invoke('1', 'other'));
  await until(() => face.service.invocations.length === 2, 'both began');
  input.write('{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}}\n');
  await until(() => face.service.invocations[0]?.aborted === true, 'the first is aborted');
  input.write(ping(2));
  expect(await answer()).toMatchObject([{ id: 2 }]);
  expect(face.service.invocations[1]?.aborted).toBe(false);
});

it('takes a prompt of 30 MB', async () => {
  const { input, answer } = await serve({ maxLineBytes: 40 * 1024 * 1024 });
  input.write(invoke(1, 'x'.repeat(30_000_000)));
  const [first] = await answer();
  expect(first).toMatchObject({ id: 1, result: { structuredContent: { request_id: 'request-1' } } });
});

it('serves the client of the SDK as a process, with nothing else on stdout, and ends with its input', async () => {
  const transport = new StdioClientTransport({
    command: process.execPath,
    args: ['--import', 'tsx', new URL('./fixtures/stdio-server.ts', import.meta.url).pathname],
    stderr: 'pipe',
  });
  const problems: Error[] = [];
  const client = new Client({ name: 'test-client', version: '1.0.0' });
  client.onerror = (error) => problems.push(error);
  await client.connect(transport);
  await client.listTools();
  expect(textOf(await ask(client, 'bedrock_invoke', { prompt: 'hello' }))).toContain('echo: hello');
  let stderr = '';
  transport.stderr?.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  const leaving = new AbortController();
  const hanging = client.callTool({ name: 'bedrock_invoke', arguments: { prompt: 'hang' } }, undefined, {
    signal: leaving.signal,
  });
  hanging.catch(() => undefined);
  await until(() => stderr.includes('began'), 'the call began in the process');
  leaving.abort();
  await until(() => stderr.includes('aborted'), 'the cancel reached the process');
  await client.close();
  await until(() => stderr.includes('ended by itself'), 'the process ended');
  expect(problems).toEqual([]);
});
