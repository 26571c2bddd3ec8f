import { describe, expect, it } from '@jest/globals';
import { ServiceError } from '../../src/core/errors.js';
import { type ModelRequest, modelRequest } from '../../src/core/request.js';
import { noUsage } from '../../src/core/response.js';
import { modelId, region } from '../../src/core/target.js';
import { createGuardStage } from '../../src/security/guard-stage.js';
import { callContext } from '../support/call-context.js';
import { fakeClock } from '../support/fake-clock.js';

const answer = {
  content: [],
  stopReason: 'end_turn',
  usage: noUsage,
  served: { model: modelId('m'), region: region('us-east-1') },
  source: 'bedrock',
  notices: [],
} as const;

function guarded(maxRequestBytes = 1_000_000) {
  let calls = 0;
  const stage = createGuardStage({ maxRequestBytes, maxConcurrentRequests: 5, clock: fakeClock() });
  const handler = stage(() => {
    calls += 1;
    return Promise.resolve(answer);
  });
  return { handle: (request: ModelRequest) => handler(request, callContext()), calls: () => calls };
}

async function refusal(request: ModelRequest, maxRequestBytes?: number): Promise<ServiceError> {
  const guard = guarded(maxRequestBytes);
  const thrown: unknown = await guard.handle(request).then(
    () => undefined,
    (error: unknown) => error,
  );
  expect(guard.calls()).toBe(0);
  if (!(thrown instanceof ServiceError)) throw new Error('was not refused');
  return thrown;
}

const ask = (request: object) => modelRequest.parse(request);
const tool = (input_schema: object) => ask({ prompt: 'x', tools: [{ name: 'find', description: 'd', input_schema }] });

const base64OfBytes = (bytes: number) => Buffer.alloc(bytes).toString('base64');
const image = (bytes: number) => ({ type: 'image', format: 'png', data: base64OfBytes(bytes) });
const document = (bytes: number) => ({ type: 'document', format: 'pdf', name: 'Report', data: base64OfBytes(bytes) });
const withBlocks = (...blocks: object[]) =>
  ask({ messages: [{ role: 'user', content: [{ type: 'text', text: 'look' }, ...blocks] }] });

function nested(levels: number): object {
  let value: object = {};
  for (let level = 0; level < levels; level += 1) value = { a: value };
  return value;
}

describe('guard stage', () => {
  it.each<[string, ModelRequest, string]>([
    ['too many bytes', ask({ prompt: 'ü'.repeat(600_000) }), 'limit of 1000000 bytes (BEDROCK_MAX_REQUEST_BYTES)'],
    ['NUL', ask({ prompt: 'a\0b' }), '`messages[0].content` holds a NUL'],
    ['lone surrogate', ask({ prompt: 'x', system: 'a\ud800b' }), '`system` is not well-formed Unicode'],
    ['NUL in a schema key', tool({ type: 'object', properties: { 'a\0': {} } }), 'NUL character'],
    ['deep schema', tool(nested(100)), 'more than 64 levels deep'],
    ['schema of another type', tool({ type: 'string' }), '`input_schema` of tool `find` must have `type: "object"`'],
    ['schema without type', tool({}), '`find` must have `type: "object"`'],
    [
      'broken schema',
      tool({ type: 'object', properties: { a: { type: 'txt' } } }),
      '`find` is not a valid JSON Schema',
    ],
    [
      'dangling reference',
      tool({ type: 'object', properties: { a: { $ref: '#/nowhere' } } }),
      'not a valid JSON Schema',
    ],
    ['broken pattern', tool({ type: 'object', properties: { a: { pattern: '(' } } }), 'not a valid JSON Schema'],
    ['long schema', tool({ type: 'object', description: 'x'.repeat(100_001) }), 'longer than 100000 characters'],
    [
      '21 images',
      withBlocks(...Array.from({ length: 21 }, () => image(3))),
      '`messages[0]` holds 21 images; the limit is 20',
    ],
    ['6 documents', withBlocks(...Array.from({ length: 6 }, () => document(3))), 'holds 6 documents; the limit is 5'],
  ])('refuses %s', async (_name, request, message) => {
    const error = await refusal(request);
    expect(error.category).toBe('validation');
    expect(error.message).toContain(message);
  });

  it.each([
    [image(3_932_161), 'an image of more than 3.75 MB'],
    [document(4_718_593), 'a document of more than 4.5 MB'],
  ])('refuses a large attachment', async (block, message) => {
    const error = await refusal(withBlocks(block), 10_000_000);
    expect(error.message).toMatch(new RegExp(message));
  });

  it.each<[string, ModelRequest]>([
    ['text with line breaks and emoji', ask({ prompt: 'a\n\t😀' })],
    ['20 images of the largest size each', withBlocks(image(3_932_160))],
    ['draft 7 tuples', tool({ type: 'object', properties: { a: { type: 'array', items: [{ type: 'string' }] } } })],
    [
      'a schema with its own names',
      tool({ $schema: 'http://json-schema.org/draft-07/schema#', $id: 'x', type: 'object', $defs: { a: {} } }),
    ],
    ['a recursive schema', tool({ type: 'object', properties: { child: { $ref: '#' } } })],
    [
      'a recursive definition',
      tool({
        type: 'object',
        $defs: { n: { properties: { n: { $ref: '#/$defs/n' } } } },
        properties: { a: { $ref: '#/$defs/n' } },
      }),
    ],
    ['a pattern that is no valid /u pattern', tool({ type: 'object', properties: { a: { pattern: '[\\-_]' } } })],
  ])('passes %s', async (_name, request) => {
    const guard = guarded(10_000_000);
    await expect(guard.handle(request)).resolves.toBe(answer);
  });

  it('remembers verdicts, good and bad, without compiling again', async () => {
    const guard = guarded();
    const schemas = Array.from({ length: 1_100 }, (_, index) => ({ type: 'object', description: `${index}` }));
    for (const schema of [...schemas, ...schemas.slice(0, 5)]) await guard.handle(tool(schema));
    expect(guard.calls()).toBe(1_105);
    const broken = tool({ type: 'object', properties: 5 });
    await expect(guard.handle(broken)).rejects.toThrow('not a valid JSON Schema');
    await expect(guard.handle(broken)).rejects.toThrow('not a valid JSON Schema');
  });

  it('does not compile what would take seconds, but still checks it', async () => {
    const chain = Object.fromEntries(
      Array.from({ length: 2_000 }, (_, index) => [`p${index}`, { $ref: `#/properties/p${index - 1}` }]),
    );
    const startedAt = process.cpuUsage();
    await guarded().handle(tool({ type: 'object', properties: { ...chain, p0: {} } }));
    expect(process.cpuUsage(startedAt).user / 1_000).toBeLessThan(3_000);
    const broken = tool({ type: 'object', properties: { ...chain, p0: { type: 'txt' } } });
    await expect(guarded().handle(broken)).rejects.toThrow('not a valid JSON Schema');
  });

  it('bounds the schemas of all tools together', async () => {
    const input_schema = { type: 'object', description: 'x'.repeat(99_000) };
    const tools = Array.from({ length: 6 }, (_, index) => ({ name: `t${index}`, description: 'd', input_schema }));
    await expect(guarded().handle(ask({ prompt: 'x', tools }))).rejects.toThrow('longer than 500000 characters');
  });

  it('checks a recursive schema by itself, not by the one before', async () => {
    const guard = guarded();
    await guard.handle(tool({ type: 'object', $defs: { a: {} }, properties: { x: { $ref: '#/$defs/a' } } }));
    const dangling = tool({ type: 'object', properties: { x: { $ref: '#/$defs/a' } } });
    await expect(guard.handle(dangling)).rejects.toThrow('not a valid JSON Schema');
  });

  it('gives its place back when the call fails', async () => {
    const stage = createGuardStage({
      maxRequestBytes: 1_000,
      maxConcurrentRequests: 1,
      maxQueued: 0,
      clock: fakeClock(),
    });
    const handler = stage(() => Promise.reject(new ServiceError('network', 'gone')));
    for (let call = 0; call < 3; call += 1) {
      await expect(handler(ask({ prompt: 'x' }), callContext())).rejects.toThrow('gone');
    }
  });
});
