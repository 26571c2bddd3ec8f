import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { InMemoryTransport } from '@modelcontextprotocol/sdk/inMemory.js';
import { z } from 'zod';
import { systemClock, systemRandom } from '../../src/core/clock.js';
import { ServiceError } from '../../src/core/errors.js';
import { defineTool } from '../../src/server/define-tool.js';
import { createToolRegistry } from '../../src/server/tool-registry.js';
import { nearestName } from '../../src/server/validation-message.js';
import {
  ask,
  caller,
  createFace,
  createLogKeeper,
  errorOf,
  type LoggedLine,
  newClient,
  textOf,
} from './support/face.js';

let face: ReturnType<typeof createFace>;
let client: Client;

async function connect(next: ReturnType<typeof createFace>): Promise<void> {
  face = next;
  client = newClient();
  const [clientSide, serverSide] = InMemoryTransport.createLinkedPair();
  await face.connector(caller).connect(serverSide);
  await client.connect(clientSide);
}

beforeEach(() => connect(createFace()));
afterEach(() => client.close());

/** As a request from the wire: keys such as `__proto__` are the object's own. */
const wire = (json: string) => JSON.parse(json) as Record<string, unknown>;
const nested = (depth: number) => wire(`${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`);

describe('arguments that a schema refuses', () => {
  it.each<[string, Record<string, unknown>, string]>([
    ['neither prompt nor messages', {}, 'give `prompt` or `messages`'],
    ['both', { prompt: 'x', messages: [{ role: 'user', content: 'x' }] }, 'not both'],
    ['an empty prompt', { prompt: '  ' }, '`prompt` is empty'],
    ['no messages', { messages: [] }, '`messages` is empty'],
    ['an unknown argument', { prompt: 'x', maxTokens: 5 }, 'unknown argument `maxTokens` (did you mean `max_tokens`?)'],
    ['one like nothing known', { prompt: 'x', zzz: 5 }, 'unknown argument `zzz`; known are prompt, messages'],
    ['an unknown field inside', { messages: [{ role: 'user', content: 'x', name: 'y' }] }, '`name` in `messages[0]`'],
    ['__proto__', wire('{"prompt":"x","__proto__":{"admin":true}}'), 'unknown argument `__proto__`'],
    [
      'constructor',
      wire('{"prompt":"x","constructor":{"prototype":{"admin":true}}}'),
      'unknown argument `constructor`',
    ],
    ['a hostile name', wire('{"prompt":"x","a\\u001b[31m\\n":1}'), String.raw`unknown argument "a\u001b[31m\n"`],
    [
      'text for a number',
      { prompt: 'x', max_tokens: '12' },
      '`max_tokens`: expected number, received string (given: "12")',
    ],
    [
      'an infinite number',
      wire('{"prompt":"x","max_tokens":1e999}'),
      '`max_tokens`: expected number, received Infinity',
    ],
    ['not a number', { prompt: 'x', max_tokens: Number.NaN }, '`max_tokens`: expected number, received NaN'],
    ['a negative number', { prompt: 'x', max_tokens: -5 }, '`max_tokens`: must be at least 1 (given: -5)'],
    ['zero', { prompt: 'x', max_tokens: 0 }, '`max_tokens`: must be at least 1 (given: 0)'],
    ['a fraction', { prompt: 'x', max_tokens: 1.5 }, '`max_tokens`: expected int, received a fraction (given: 1.5)'],
    ['a huge number', wire('{"prompt":"x","max_tokens":9007199254740993}'), '`max_tokens`: must be at most'],
    ['a cold temperature', { prompt: 'x', temperature: -0.1 }, '`temperature`: must be at least 0'],
    ['a hot one', { prompt: 'x', temperature: 3 }, '`temperature`: must be at most 2 (given: 3)'],
    ['a free cost limit', { prompt: 'x', max_cost_usd: 0 }, '`max_cost_usd`: must be above 0'],
    ['null', { prompt: null }, '`prompt`: expected string, received null'],
    ['a list', { prompt: ['x'] }, '`prompt`: expected string, received array'],
    [
      'a wrong choice',
      { prompt: 'x', cache: 'no' },
      '`cache`: must be one of default, bypass, refresh, static (given: "no")',
    ],
    [
      'an empty stop sequence',
      { prompt: 'x', stop_sequences: [''] },
      '`stop_sequences[0]`: must have at least 1 characters',
    ],
    ['a bad tag name', { prompt: 'x', tags: { 'bad key': 'x' } }, '`tags.bad?key`: is not a valid name'],
    [
      'invalid base64',
      { messages: [{ role: 'user', content: [{ type: 'image', format: 'png', data: 'not base64!' }] }] },
      '`messages[0].content[0].data`: must be standard base64',
    ],
    [
      'an unknown kind of block',
      { messages: [{ role: 'user', content: [{ type: 'hologram' }] }] },
      '`messages[0].content[0].type`: must be one of text, image, document',
    ],
    [
      'content of no kind',
      { messages: [{ role: 'user', content: 5 }] },
      '`messages[0].content`: expected string or array',
    ],
    ['a missing field', { messages: [{ content: 'x' }] }, '`messages[0].role`: must be one of user, assistant'],
    [
      'a tool with a broken schema',
      { prompt: 'x', tools: [{ name: 'a', description: 'b', input_schema: 'object' }] },
      '`tools[0].input_schema`: expected record, received string (given: "object")',
    ],
    ['a tool without a schema', { prompt: 'x', tools: [{ name: 'a', description: 'b' }] }, 'input_schema`: is missing'],
    ['nesting', { prompt: 'x', tools: [{ name: 'a', description: 'b', input_schema: nested(70) }] }, 'deeper than 64'],
    ['a lone surrogate', { prompt: 'x\ud800' }, 'not valid Unicode'],
    ['a lone surrogate as a name', { prompt: 'x', tags: { '\udc00': 'x' } }, 'not valid Unicode'],
  ])('%s', async (_, args, problem) => {
    const result = await ask(client, 'bedrock_invoke', args);
    expect(result.isError).toBe(true);
    expect(errorOf(result)).toMatchObject({ category: 'validation', retryable: false, attempts: [] });
    expect(errorOf(result)['message']).toContain(problem);
    expect(textOf(result)).toContain(problem);
    expect(face.service.invocations).toHaveLength(0);
    expect(face.loads()).toBe(0);
    expect(({} as Record<string, unknown>)['admin']).toBeUndefined();
  });

  it('never repeats a value that could be a secret', async () => {
    const secret = 'AKIAIOSFODNN7EXAMPLE';
    for (const args of [{ prompt: 'x', max_tokens: secret }, { prompt: 'x', cache: secret }, { prompt: { secret } }]) {
      expect(JSON.stringify(await ask(client, 'bedrock_invoke', args))).not.toContain(secret);
    }
  });

  it('names five problems and counts the rest', async () => {
    const args = { temperature: 3, top_p: 2, top_k: 0, max_tokens: 0, timeout_ms: 0, cache: 'x', prompt: 1 };
    const { message } = errorOf(await ask(client, 'bedrock_invoke', args)) as { message: string };
    expect(message).toMatch(/; and 2 more problems\.$/);
  });

  it('refuses 40,000 levels and a million keys quickly', async () => {
    const wide = Object.fromEntries(Array.from({ length: 1_000_000 }, (_, index) => [`k${index}`, index]));
    const { registry, logger } = createFace();
    const hostile = [nested(40_000), wide];
    const startMs = performance.now();
    for (const args of hostile) {
      const result = await registry.call('bedrock_health', args, { caller, signal: new AbortController().signal });
      expect(errorOf(result)).toMatchObject({ category: 'validation' });
      expect(JSON.stringify(result).length).toBeLessThan(2_000);
    }
    expect(performance.now() - startMs).toBeLessThan(2_000);
    expect(logger.lines).toHaveLength(0);
  });

  it.each([null, 5, 'text', [1]])('refuses %j in place of arguments', async (args) => {
    const call = client.request(
      { method: 'tools/call', params: { name: 'bedrock_health', arguments: args } },
      z.looseObject({ isError: z.literal(true), structuredContent: z.unknown() }),
    );
    expect(errorOf(await call)['message']).toContain('expected object');
  });

  it('takes 30 MB of prompt', async () => {
    const result = await ask(client, 'bedrock_invoke', { prompt: 'x'.repeat(30_000_000) });
    expect(result.isError).toBeUndefined();
  });
});

describe('tools that do not exist', () => {
  it.each([
    ['__proto__', 'There is no tool `__proto__`. Known tools are bedrock_invoke'],
    ['constructor', 'There is no tool `constructor`.'],
    ['bedrock_invok', 'Did you mean `bedrock_invoke`?'],
    ['BedrockInvoke', 'Did you mean `bedrock_invoke`?'],
    ['\u001b[2J', String.raw`There is no tool "\u001b[2J".`],
    ['x'.repeat(100_000), `There is no tool "${'x'.repeat(32)}".`],
  ])('%.20s', async (name, message) => {
    const result = await ask(client, name, {});
    expect(result.isError).toBe(true);
    expect(errorOf(result)).toMatchObject({ category: 'validation', message: expect.stringContaining(message) });
  });

  it('finds the nearest name only when it is near', () => {
    expect(nearestName('promt', ['prompt', 'model'])).toBe('prompt');
    expect(nearestName('frequency_penalty', ['prompt', 'model'])).toBeUndefined();
    expect(nearestName('x', [])).toBeUndefined();
  });
});

describe('requests that are malformed around the arguments', () => {
  const anything = z.looseObject({});

  it.each([{}, { name: 5 }, { name: null, arguments: {} }])('tools/call with %j', async (params) => {
    await expect(client.request({ method: 'tools/call', params }, anything)).rejects.toMatchObject({
      code: -32_602,
      message: expect.stringContaining('needs the `name` of a tool'),
    });
  });

  it('an unknown method', async () => {
    await expect(client.request({ method: 'tools/destroy' }, anything)).rejects.toMatchObject({
      code: -32_601,
    });
  });
});

const causeIn = (line: LoggedLine | undefined) => (line?.fields['error'] as ServiceError | undefined)?.cause;

describe('failures inside the server', () => {
  const secretText = 'no row for AKIAIOSFODNN7EXAMPLE at /app/src/x.js:12';

  it.each([
    ['an Error', new Error(secretText)],
    ['a text', secretText],
    ['undefined in a service', Object.assign(Object.create(null), { secretText })],
  ])('%s thrown by the service stays in the log', async (_, error) => {
    face.service.behaviour = { error };
    const result = await ask(client, 'bedrock_invoke', { prompt: 'x' });
    expect(errorOf(result)).toMatchObject({ category: 'internal', message: 'The server failed on this call.' });
    expect(JSON.stringify(result)).not.toMatch(/AKIA|\/app/);
    const [line] = face.logger.lines.filter(({ level }) => level === 'error');
    expect(line?.fields).toMatchObject({ tool: 'bedrock_invoke', requestId: errorOf(result)['request_id'] });
    expect(causeIn(line)).toBe(error);
  });

  it('an answer that does not fit the published schema is not handed out', async () => {
    face.service.behaviour = { response: { source: 'moon' as never } };
    const result = await ask(client, 'bedrock_invoke', { prompt: 'x' });
    expect(errorOf(result)).toMatchObject({ category: 'internal' });
    const [line] = face.logger.lines.filter(({ level }) => level === 'error');
    expect(causeIn(line)).toMatchObject({ message: 'output of bedrock_invoke: source: invalid_value' });
  });

  it('a service that cannot be made is an error of each call, not of the server', async () => {
    const registry = createToolRegistry({
      tools: [probe],
      service: () => Promise.reject(new ServiceError('authentication', 'There are no AWS credentials.')),
      logger: createLogKeeper(),
      clock: systemClock,
      random: systemRandom,
    });
    const result = await registry.call('bedrock_probe', {}, { caller, signal: new AbortController().signal });
    expect(errorOf(result)).toMatchObject({ category: 'authentication', message: 'There are no AWS credentials.' });
  });

  it('a call whose caller left before it began is cancelled', async () => {
    const { registry, service } = createFace();
    const result = await registry.call('bedrock_invoke', { prompt: 'x' }, { caller, signal: AbortSignal.abort() });
    expect(errorOf(result)).toMatchObject({ category: 'cancelled' });
    expect(service.invocations).toHaveLength(0);
  });

  it('a foreign error of a cancelled call is the cancel', async () => {
    const leaving = new AbortController();
    const { registry, logger } = createFace({
      tools: [
        {
          ...probe,
          handle: () => {
            leaving.abort();
            return Promise.reject(new Error('socket hang up'));
          },
        },
      ],
    });
    const result = await registry.call('bedrock_probe', {}, { caller, signal: leaving.signal });
    expect(errorOf(result)).toMatchObject({ category: 'cancelled' });
    expect(logger.lines).toHaveLength(0);
  });
});

const probe = defineTool({
  name: 'bedrock_probe',
  title: 'Probe',
  description: 'A probe.',
  kind: 'admin',
  input: z.strictObject({}),
  example: {},
  output: z.strictObject({ ok: z.boolean() }),
  handle: async () => ({ structured: { ok: true }, text: 'ok' }),
});

describe('the registry', () => {
  it('lists the same bytes every time, before the service is loaded', async () => {
    const first = JSON.stringify(await client.listTools());
    expect(JSON.stringify(await client.listTools())).toBe(first);
    expect(face.loads()).toBe(0);
    expect(client.getInstructions()).toContain('- bedrock_invoke: Ask a model on Amazon Bedrock');
  });

  it('refuses tools that could not work', () => {
    expect(() => createFace({ tools: [probe, probe] })).toThrow('two tools share a name');
    expect(() => createFace({ tools: [{ ...probe, input: z.string() }] }).registry.list(caller)).toThrow(
      'object schemas',
    );
  });

  it('derives the annotations of an admin tool', () => {
    const [listed] = createFace({ tools: [probe] }).registry.list(caller);
    expect(listed?.annotations).toEqual({
      readOnlyHint: false,
      destructiveHint: true,
      idempotentHint: false,
      openWorldHint: false,
    });
  });
});
