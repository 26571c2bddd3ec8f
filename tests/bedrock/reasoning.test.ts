import { describe, expect, it } from '@jest/globals';
import { encodeConverseRequest } from '../../src/bedrock/converse-request.js';
import { planReasoning } from '../../src/bedrock/reasoning.js';
import type { Message, ModelRequest, ReasoningEffort } from '../../src/core/request.js';
import { modelId, type Target } from '../../src/core/target.js';
import { loadCatalogue } from '../../src/models/catalogue/load-catalogue.js';
import { claude, nova, routed, weatherTool } from './client-setup.js';

const rows = new Map(loadCatalogue().models.map((model) => [model.id, model]));
const at = (id: string): Target => ({ model: modelId(id), region: nova.region });
const plan = (id: string, effort: ReasoningEffort, given: Partial<ModelRequest> = {}) =>
  planReasoning(
    routed({ prompt: 'Why?', max_tokens: 20_000, reasoning_effort: effort, ...given }, at(id)),
    rows.get(id),
  );

describe('reasoning effort', () => {
  it.each([
    ['anthropic.claude-sonnet-4-5-20250929-v1:0', 'low', { thinking: { type: 'enabled', budget_tokens: 2_048 } }],
    ['anthropic.claude-sonnet-4-20250514-v1:0', 'medium', { thinking: { type: 'enabled', budget_tokens: 8_192 } }],
    ['anthropic.claude-3-7-sonnet-20250219-v1:0', 'medium', { thinking: { type: 'enabled', budget_tokens: 6_553 } }],
    ['anthropic.claude-opus-4-20250514-v1:0', 'max', { thinking: { type: 'enabled', budget_tokens: 16_000 } }],
    ['anthropic.claude-sonnet-4-6', 'xhigh', { thinking: { type: 'adaptive' }, output_config: { effort: 'high' } }],
    ['anthropic.claude-opus-4-8', 'xhigh', { thinking: { type: 'adaptive' }, output_config: { effort: 'xhigh' } }],
    ['anthropic.claude-haiku-5-5', 'low', { thinking: { type: 'adaptive' }, output_config: { effort: 'low' } }],
    ['amazon.nova-2-lite-v1:0', 'low', { reasoningConfig: { type: 'enabled', maxReasoningEffort: 'low' } }],
    ['amazon.nova-2-lite-v1:0', 'max', { reasoningConfig: { type: 'enabled', maxReasoningEffort: 'medium' } }],
    ['qwen.qwen3-32b-v1:0', 'medium', { reasoning_config: 'high' }],
    ['openai.gpt-oss-120b-1:0', 'xhigh', { reasoning_effort: 'high' }],
  ] as const)('of %s, %s', (id, effort, fields) => {
    expect(plan(id, effort)).toMatchObject({ fields, notices: [] });
  });

  it.each([
    ['amazon.nova-lite-v1:0', 'high'],
    ['anthropic.claude-3-haiku-20240307-v1:0', 'high'],
    ['deepseek.r1-v1:0', 'low'],
    ['somebody.new-model', 'low'],
  ] as const)('is left out for %s, with a notice', (id, effort) => {
    expect(plan(id, effort)).toMatchObject({ notices: [expect.stringContaining('`reasoning_effort` was left out')] });
    expect(plan(id, effort).fields).toBeUndefined();
  });

  it('none says nothing to anybody', () => {
    expect(plan('openai.gpt-oss-120b-1:0', 'none')).toMatchObject({ notices: [], freeChoice: false });
    expect(plan('openai.gpt-oss-120b-1:0', 'none').fields).toBeUndefined();
  });

  it.each([
    [1_024, undefined],
    [1_025, 1_024],
    [2_000, 1_600],
    [100_000, 16_384],
  ])('has a budget below max_tokens %i', (max_tokens, budget) => {
    const { fields, notices } = plan(claude.model, 'high', { max_tokens });
    expect(fields).toEqual(budget === undefined ? undefined : { thinking: { type: 'enabled', budget_tokens: budget } });
    expect(notices).toHaveLength(budget === undefined ? 1 : 0);
  });

  it('drops what Claude refuses beside it, and says so', () => {
    const given = { temperature: 0.2, top_p: 0.9, top_k: 5, tools: [weatherTool], tool_choice: 'weather' };
    const { input, notices } = encodeConverseRequest(
      routed({ prompt: 'x', max_tokens: 9_000, reasoning_effort: 'low', ...given }, claude),
      rows.get(claude.model),
    );
    expect(input.inferenceConfig).toEqual({ maxTokens: 9_000 });
    expect(input.toolConfig).not.toHaveProperty('toolChoice');
    expect(input.additionalModelRequestFields).toEqual({ thinking: { type: 'enabled', budget_tokens: 2_048 } });
    expect(notices).toHaveLength(4);
  });

  it('keeps sampling for those who take it', () => {
    const { input } = encodeConverseRequest(
      routed({ prompt: 'x', temperature: 0.2, reasoning_effort: 'low' }, at('qwen.qwen3-32b-v1:0')),
      rows.get('qwen.qwen3-32b-v1:0'),
    );
    expect(input.inferenceConfig?.temperature).toBe(0.2);
    expect(input.additionalModelRequestFields).toEqual({ reasoning_config: 'low' });
  });
});

describe('reasoning given back', () => {
  const turn = (content: Message['content']): Message => ({ role: 'assistant', content });
  const conversation = (...content: Exclude<Message['content'], string>): Message[] => [
    { role: 'user', content: 'Weather?' },
    turn([...content, { type: 'tool_use', id: 't1', name: 'weather', input: {} }]),
    { role: 'user', content: [{ type: 'tool_result', tool_use_id: 't1', content: 'sunny' }] },
  ];
  const own = { type: 'reasoning', text: 'Hm', signature: 's', model: claude.model } as const;
  const encode = (messages: Message[], target = claude) =>
    encodeConverseRequest(
      routed({ messages, tools: [weatherTool], max_tokens: 9_000, reasoning_effort: 'low' }, target),
      rows.get(target.model),
    );

  it('goes to the model that signed it, unchanged', () => {
    const { input, notices } = encode(conversation(own));
    expect(input.messages?.[1]?.content?.[0]).toEqual({
      reasoningContent: { reasoningText: { text: 'Hm', signature: 's' } },
    });
    expect(input.additionalModelRequestFields).toHaveProperty('thinking');
    expect(notices).toEqual([]);
  });

  it('of another model is dropped, and then the model must not think in the middle of a tool call', () => {
    const { input, notices } = encode(conversation({ ...own, model: 'anthropic.claude-opus-5' }));
    expect(input.messages?.[1]?.content).toMatchObject([{ toolUse: { toolUseId: 't1' } }]);
    expect(input).not.toHaveProperty('additionalModelRequestFields');
    expect(notices).toEqual([
      expect.stringContaining('`reasoning_effort` was left out'),
      expect.stringContaining('Reasoning of another model'),
    ]);
  });

  it('is dropped by a model that does not reason, even without a name', () => {
    const { model: _, ...nameless } = own;
    const row = { ...rows.get(nova.model), reasoning: false } as Parameters<typeof encodeConverseRequest>[1];
    const { input, notices } = encodeConverseRequest(
      routed({ messages: conversation(nameless), tools: [weatherTool] }, nova),
      row,
    );
    expect(input.messages?.[1]?.content).toHaveLength(1);
    expect(notices).toEqual([expect.stringContaining('Reasoning of another model')]);
  });
});
