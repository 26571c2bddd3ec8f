import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { BedrockClient } from '../../src/bedrock/bedrock-client.js';
import type { Model } from '../../src/core/model.js';
import type { ModelRequest } from '../../src/core/request.js';
import { modelId, profileId, region, type Target } from '../../src/core/target.js';
import { loadCatalogue } from '../../src/models/catalogue/load-catalogue.js';
import { callContext } from '../support/call-context.js';
import { startTestSandbox, type TestSandbox } from '../support/sandbox.js';
import { clientOf, routed, weatherTool } from './client-setup.js';

/* Whatever a caller asks for, no model of the catalogue is sent what it refuses. The sandbox refuses what AWS refuses. */

const regions = { eu: 'eu-central-1', jp: 'ap-northeast-1', au: 'ap-southeast-2', 'us-gov': 'us-gov-west-1' } as const;

function targetOf({ id, profiles, requiresProfile }: Model): Target {
  const [geography = 'us', profile] = Object.entries(profiles).toSorted(([left]) => (left === 'us' ? -1 : 1))[0] ?? [];
  const place = region(regions[geography as keyof typeof regions] ?? 'us-east-1');
  const target = { model: modelId(id), region: place };
  return requiresProfile === false || profile === undefined ? target : { ...target, profile: profileId(profile) };
}

const long = 'All about the weather of Switzerland. '.repeat(500);
const response_schema = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] };
const wishes: Readonly<Record<string, Partial<ModelRequest> & { prompt?: string }>> = {
  'an answer in a schema': { prompt: 'Where?', response_schema },
  'an answer in a schema, with thought': {
    prompt: 'Where?',
    response_schema,
    reasoning_effort: 'high',
    max_tokens: 3_000,
  },
  'thought and sampling': { prompt: 'Why?', reasoning_effort: 'max', max_tokens: 3_000, temperature: 0.3, top_p: 0.8 },
  'a long system text and a conversation': {
    system: long,
    messages: [
      { role: 'user', content: 'Hi' },
      {
        role: 'assistant',
        content: [
          { type: 'reasoning', text: 'Hm', signature: 's', model: 'x' },
          { type: 'text', text: 'Hi' },
        ],
      },
      { role: 'user', content: 'Well?' },
    ],
  },
  'a tier, fields of other families, tags and stop sequences': {
    prompt: 'Hi',
    service_tier: 'flex',
    latency: 'optimized',
    additional_model_request_fields: { reasoningConfig: { type: 'disabled' }, reasoning_config: 'low', brand_new: 1 },
    additional_model_response_field_paths: ['/stop_reason'],
    tags: { team: 'a b' },
    stop_sequences: ['STOP'],
    top_k: 5,
  },
};

/** Also those whose life has ended, as they were when it had not. */
const models = loadCatalogue()
  .models.filter(
    ({ kind, converse, endpoint, contextWindow = 100_000 }) =>
      kind === 'chat' && converse && endpoint === undefined && contextWindow > 16_000,
  )
  .map((model) => ({
    ...model,
    lifecycle: { status: 'ACTIVE' as const },
    ...(Object.keys(model.profiles).length === 0 && { requiresProfile: false }),
  }));

describe.each(models.map((model) => [model.id, model] as const))('%s', (id, model) => {
  it.each(Object.entries(wishes))('takes %s', async (name, wish) => {
    const request = routed(wish, targetOf(model));
    const { usage, content, stopReason } = await client.converse(request, callContext());
    expect(content.length).toBeGreaterThan(0);
    expect(['end_turn', 'max_tokens', 'tool_use']).toContain(stopReason);
    expect(usage.estimated).toBe(false);
    expect(usage.totalTokens).toBe(
      usage.inputTokens + usage.outputTokens + usage.cacheReadTokens + usage.cacheWriteTokens,
    );
    if (!model.promptCaching?.supported) expect(usage.cacheWriteTokens + usage.cacheReadTokens).toBe(0);
    else if (name.startsWith('a long system'))
      expect(usage.cacheWriteTokens + usage.cacheReadTokens).toBeGreaterThan(0);
    expect(id).toBe(request.target.model);
  });

  if (model.tools) {
    it('takes tools, their calls and their results', async () => {
      const tools = [{ ...weatherTool, name: 'mcp/weather.now' }];
      await sandbox.control.replies({ toolUse: { name: 'mcp_weather_now', input: { city: 'Bern' } } });
      const asked = await client.converse(routed({ prompt: 'Weather?', tools }, targetOf(model)), callContext());
      const call = asked.content.find(({ type }) => type === 'tool_use');
      if (call?.type !== 'tool_use') throw new Error('no tool call');
      expect(call).toMatchObject({ name: 'mcp/weather.now', input: { city: 'Bern' } });
      const messages: ModelRequest['messages'] = [
        { role: 'user', content: 'Weather?' },
        { role: 'assistant', content: [...asked.content] },
        { role: 'user', content: [{ type: 'tool_result', tool_use_id: call.id, content: '{"degrees":12}' }] },
      ];
      const answered = await client.converse(routed({ messages, tools }, targetOf(model)), callContext());
      expect(answered.stopReason).toBe('end_turn');
    });
  }
});

let sandbox: TestSandbox;
let client: BedrockClient;
beforeAll(async () => {
  sandbox = await startTestSandbox({ catalogue: { ...loadCatalogue(), models } });
  client = clientOf(sandbox.url, sandbox.catalogue, { features: { promptCaching: 'auto' } });
});
afterAll(async () => {
  client.close();
  await sandbox.close();
});
