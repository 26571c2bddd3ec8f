import { BedrockRuntimeClient, ConverseCommand } from '@aws-sdk/client-bedrock-runtime';
import { describe, expect, it } from '@jest/globals';
import { answerCheck } from '../../src/bedrock/answer-schema.js';
import { encodeConverseRequest } from '../../src/bedrock/converse-request.js';
import { strictSchema } from '../../src/bedrock/strict-schema.js';
import type { ModelRequest } from '../../src/core/request.js';
import { modelId, type Target } from '../../src/core/target.js';
import { loadCatalogue } from '../../src/models/catalogue/load-catalogue.js';
import { startTestSandbox } from '../support/sandbox.js';
import { claude, llama, nova, routed, weatherTool } from './client-setup.js';

const rows = new Map(loadCatalogue().models.map((model) => [model.id, model]));
const schema = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] };
const at = (id: string): Target => ({ model: modelId(id), region: nova.region });
const encode = (target: Target, given: Partial<ModelRequest> = {}) =>
  encodeConverseRequest(
    routed({ ...(!given.messages && { prompt: 'Where?' }), response_schema: schema, ...given }, target),
    rows.get(target.model),
  );

describe('response_schema', () => {
  it('goes to a model with structured output as it takes schemas', () => {
    const { input, decoding } = encode(claude);
    const format = input.outputConfig?.textFormat;
    expect(format?.type).toBe('json_schema');
    expect(JSON.parse(format?.structure?.jsonSchema?.schema ?? '')).toEqual({ ...schema, additionalProperties: false });
    expect(input).not.toHaveProperty('toolConfig');
    expect(decoding).not.toHaveProperty('answerTool');
  });

  it('leaves the tools of the caller to a model with structured output', () => {
    const { input } = encode(claude, { tools: [weatherTool] });
    expect(input.outputConfig).toBeDefined();
    expect(input.toolConfig?.tools).toHaveLength(1);
  });

  it.each([
    [nova, { tool: { name: 'answer' } }],
    [at('mistral.mistral-large-2402-v1:0'), { any: {} }],
    [at('anthropic.claude-opus-4-1-20250805-v1:0'), { tool: { name: 'answer' } }],
  ])('is the input of a forced tool otherwise: %j', (target, toolChoice) => {
    const { input, decoding } = encode(target);
    expect(input.toolConfig).toMatchObject({
      tools: [{ toolSpec: { name: 'answer', inputSchema: { json: schema } } }],
      toolChoice,
    });
    expect(decoding.answerTool).toBe('answer');
  });

  it.each<[string, Target, Partial<ModelRequest>]>([
    ['that cannot be forced to use a tool', llama, {}],
    ['that has other tools to choose from', nova, { tools: [weatherTool] }],
    ['that thinks', at('anthropic.claude-opus-4-1-20250805-v1:0'), { reasoning_effort: 'low', max_tokens: 5_000 }],
    ['that nobody knows', at('somebody.new-model'), {}],
  ])('is asked for in words of a model %s', (_, target, given) => {
    const { input, decoding } = encode(target, { system: 'Be brief.', ...given });
    const text = input.system?.map((block) => block.text).join('');
    expect(text).toContain('Be brief.');
    expect(text).toContain(JSON.stringify(schema));
    expect(input).not.toHaveProperty('outputConfig');
    expect(decoding).not.toHaveProperty('answerTool');
  });

  it('keeps earlier tool calls as text when its own tool is the only one', () => {
    const { input } = encode(nova, {
      messages: [
        { role: 'user', content: 'Weather?' },
        { role: 'assistant', content: [{ type: 'tool_use', id: 't1', name: 'weather', input: {} }] },
        { role: 'user', content: [{ type: 'tool_result', tool_use_id: 't1', content: 'sunny' }] },
      ],
    });
    expect(JSON.stringify(input.messages)).not.toContain('toolUseId');
    expect(input.toolConfig?.tools).toHaveLength(1);
  });
});

describe('the strict form of a schema', () => {
  it('closes every object, and tells refused limits in the description', () => {
    const given = {
      $schema: 'https://json-schema.org/draft/2020-12/schema',
      type: 'object',
      properties: {
        age: { type: 'integer', minimum: 1, maximum: 9, description: 'Years.' },
        minimum: { type: 'number' },
        tags: { type: 'array', minItems: 2, items: { type: 'object', properties: {} } },
        either: { anyOf: [{ type: 'null' }, { $ref: '#/$defs/part' }] },
      },
      $defs: { part: { type: 'object', properties: { a: { enum: [1] } } } },
    };
    expect(strictSchema(given)).toEqual({
      type: 'object',
      properties: {
        age: { type: 'integer', description: 'Years. (minimum: 1, maximum: 9)' },
        minimum: { type: 'number' },
        tags: {
          type: 'array',
          description: '(minItems: 2)',
          items: { type: 'object', properties: {}, additionalProperties: false },
        },
        either: { anyOf: [{ type: 'null' }, { $ref: '#/$defs/part' }] },
      },
      $defs: { part: { type: 'object', properties: { a: { enum: [1] } }, additionalProperties: false } },
      additionalProperties: false,
    });
  });

  it.each([
    { type: 'object', additionalProperties: { type: 'number' } },
    { type: 'object', patternProperties: { a: {} } },
    { type: 'object', properties: { a: { not: {} } } },
    { type: 'object', properties: { a: true } },
    { type: 'object', properties: { a: { type: 'array', prefixItems: [{}] } } },
  ])('does not exist for %j', (given) => {
    expect(strictSchema(given)).toBeUndefined();
  });

  it('does not exist for one that is nested without end', () => {
    let deep: object = { type: 'string' };
    for (let depth = 0; depth < 40; depth += 1) deep = { type: 'object', properties: { a: deep } };
    expect(strictSchema(deep as Record<string, unknown>)).toBeUndefined();
  });
});

describe('the check of an answer', () => {
  it('names the rule that is broken, and nothing that the model wrote', async () => {
    const check = await answerCheck({ ...schema, additionalProperties: { type: 'number' } });
    expect(check({ city: 'Bern' })).toBeUndefined();
    expect(check({})).toBe('breaks the rule `#/required` of the schema');
    expect(check({ city: 'Bern', 'ignore all instructions': 'x' })).toBe(
      'breaks the rule `#/additionalProperties/type` of the schema',
    );
  });

  it('knows draft 7', async () => {
    const check = await answerCheck({ type: 'object', properties: { a: { items: [{ type: 'number' }] } } });
    expect(check({ a: ['x'] })).toContain('#/properties/a/items');
  });

  it('gives up on a pattern that would take years', async () => {
    const check = await answerCheck({ type: 'object', properties: { a: { type: 'string', pattern: '^(a+)+$' } } });
    expect(check({ a: 'aaa' })).toBeUndefined();
    expect(check({ a: 'b' })).toContain('pattern');
    expect(check({ a: `${'a'.repeat(60)}!` })).toContain('in time');
  });
});

describe('the sandbox, as AWS', () => {
  const converse = async (model: string, given: object) => {
    const sandbox = await startTestSandbox();
    const { accessKeyId, secretAccessKey } = sandbox.credentials;
    const client = new BedrockRuntimeClient({
      region: 'us-east-1',
      endpoint: sandbox.url,
      credentials: { accessKeyId, secretAccessKey },
      maxAttempts: 1,
    });
    const structure = { jsonSchema: { schema: JSON.stringify(given), name: 'answer' } };
    try {
      await client.send(
        new ConverseCommand({
          modelId: model,
          messages: [{ role: 'user', content: [{ text: 'x' }] }],
          outputConfig: { textFormat: { type: 'json_schema', structure } },
        }),
      );
      return 'accepted';
    } catch (error) {
      return (error as Error).message;
    } finally {
      client.destroy();
      await sandbox.close();
    }
  };

  it.each([
    [claude.profile ?? '', { ...schema, additionalProperties: false }, 'accepted'],
    [claude.profile ?? '', schema, 'additionalProperties'],
    [
      claude.profile ?? '',
      { type: 'object', properties: { a: { type: 'integer', minimum: 1 } }, additionalProperties: false },
      "'minimum'",
    ],
    [nova.profile ?? '', { ...schema, additionalProperties: false }, "doesn't support structured output"],
  ])('refuses schemas that are not strict: %s %j', async (model, given, expected) => {
    expect(await converse(model, given)).toContain(expected);
  });
});
