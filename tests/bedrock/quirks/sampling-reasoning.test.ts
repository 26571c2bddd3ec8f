import { describe, expect, it } from '@jest/globals';
import { thinkingSplit } from '../../../src/bedrock/families/thinking-tags.js';
import { rulesOf } from '../../../src/bedrock/quirks/model-rules.js';
import { modelRequest } from '../../../src/core/request.js';
import { weatherTool } from '../client-setup.js';
import {
  answerHandler,
  assistant,
  call,
  data,
  hi,
  ids,
  objectionTo,
  result,
  sent,
  text,
  user,
  wireTools,
} from './quirk-setup.js';

const prompt = 'Hi';
const thinking = { thinking: { type: 'enabled', budget_tokens: 1_024 } };
const fields = (additionalModelRequestFields: object, more: object = {}) => ({
  messages: hi,
  additionalModelRequestFields,
  ...more,
});

describe('sampling', () => {
  it('(1) Claude 4.1–4.6: temperature and topP not both', () => {
    const both = { messages: hi, inferenceConfig: { temperature: 0.5, topP: 0.9 } };
    for (const name of ['claude41', 'claude45', 'claude46'] as const) {
      expect(objectionTo(name, both)).toContain('cannot both be specified');
      const { input, notices } = sent(name, { prompt, temperature: 0.5, top_p: 0.9 });
      expect(input.inferenceConfig).toEqual({ maxTokens: 200, temperature: 0.5 });
      expect(notices).toContain('`top_p` was left out');
    }
    expect(objectionTo('nova', both)).toBeUndefined();
  });

  it('(2) newer Claude: temperature, topP, topK all refused', () => {
    expect(objectionTo('claude55', { messages: hi, inferenceConfig: { topP: 0.9 } })).toContain('deprecated');
    expect(objectionTo('claude55', fields({ top_k: 4 }))).toContain('deprecated');
    const { input, notices } = sent('claude55', { prompt, temperature: 0.5, top_p: 0.9, top_k: 4 });
    expect(input.inferenceConfig).toEqual({ maxTokens: 200 });
    expect(input.additionalModelRequestFields).toBeUndefined();
    for (const name of ['temperature', 'top_p', 'top_k']) expect(notices).toContain(`\`${name}\` was left out`);
  });

  it('(3) thinking on: no temperature, topP or topK, no forced toolChoice', () => {
    const room = { maxTokens: 2_000 };
    const more = (extra: object) => ({ inferenceConfig: { ...room, ...extra } });
    expect(objectionTo('claude45', fields(thinking, more({ temperature: 0.5 })))).toContain('may only be set to 1');
    expect(objectionTo('claude45', fields(thinking, more({ topP: 0.9 })))).toContain('`top_p` must be');
    expect(objectionTo('claude45', fields({ ...thinking, top_k: 4 }, more({})))).toContain('`top_k` must be unset');
    const forced = { ...more({}), toolConfig: { ...wireTools, toolChoice: { any: {} } } };
    expect(objectionTo('claude45', fields(thinking, forced))).toContain('forces tool use');
    const { input, notices } = sent('claude45', {
      prompt,
      reasoning_effort: 'low',
      max_tokens: 4_000,
      temperature: 0.5,
      top_p: 0.9,
      top_k: 4,
      tools: [weatherTool],
      tool_choice: 'any',
    });
    expect(input.inferenceConfig).toEqual({ maxTokens: 4_000 });
    expect(input.toolConfig?.toolChoice).toBeUndefined();
    expect(notices).toContain('`tool_choice` was left out');
  });

  it('(4) topK goes where the model has a place for it, elsewhere it is dropped', () => {
    expect(sent('claude45', { prompt, top_k: 4 }).input.additionalModelRequestFields).toEqual({ top_k: 4 });
    expect(sent('nova', { prompt, top_k: 4 }).input.additionalModelRequestFields).toEqual({
      inferenceConfig: { topK: 4 },
    });
    for (const name of ['llama', 'mistral', 'qwen', 'gptOss'] as const) {
      expect(objectionTo(name, fields({ top_k: 4 }))).toContain('extraneous key [top_k]');
      const { input, notices } = sent(name, { prompt, top_k: 4 });
      expect(input.additionalModelRequestFields).toBeUndefined();
      expect(notices).toContain('`top_k` was left out');
    }
  });

  it('(5) GPT and gpt-oss refuse penalties, stop, and an effort of none', () => {
    expect(objectionTo('gptOss', fields({ frequency_penalty: 1 }))).toContain('extraneous key [frequency_penalty]');
    expect(objectionTo('gptOss', fields({ reasoning_effort: 'none' }))).toContain("does not support 'none'");
    expect(objectionTo('gpt56', { messages: hi, inferenceConfig: { stopSequences: ['x'] } })).toContain("'stop'");
    const { input, notices } = sent('gpt56', { prompt, stop_sequences: ['x'] });
    expect(input.inferenceConfig?.stopSequences).toBeUndefined();
    expect(notices).toContain('`stop_sequences` was left out');
    expect(sent('gptOss', { prompt, reasoning_effort: 'none' }).input.additionalModelRequestFields).toBeUndefined();
  });

  it('(6) temperature above 1 is clamped', () => {
    expect(objectionTo('nova', { messages: hi, inferenceConfig: { temperature: 1.4 } })).toContain('temperature');
    const { input, notices } = sent('nova', { prompt, temperature: 1.4 });
    expect(input.inferenceConfig?.temperature).toBe(1);
    expect(notices).toContain('lowered to 1');
    expect(modelRequest.safeParse({ prompt, temperature: 2.1 }).success).toBe(false);
  });
});

describe('reasoning', () => {
  it('(7) Claude up to 4.5 takes a budget, later ones are adaptive with an effort; never the wrong one', () => {
    const effort = { prompt, reasoning_effort: 'low' as const, max_tokens: 4_000 };
    expect(sent('claude45', effort).input.additionalModelRequestFields).toEqual({
      thinking: { type: 'enabled', budget_tokens: 2_048 },
    });
    expect(sent('claude46', effort).input.additionalModelRequestFields).toEqual({
      thinking: { type: 'adaptive' },
      output_config: { effort: 'low' },
    });
    expect(objectionTo('claude45', fields({ thinking: { type: 'adaptive' } }))).toContain('not supported');
    expect(objectionTo('claude45', fields({ output_config: { effort: 'low' } }))).toContain('effort parameter');
    expect(objectionTo('claude55', fields(thinking))).toContain('not supported');
    const small = { thinking: { type: 'enabled', budget_tokens: 500 } };
    expect(objectionTo('claude45', fields(small))).toContain('greater than or equal to 1024');
    const tight = { inferenceConfig: { maxTokens: 1_024 } };
    expect(objectionTo('claude45', fields(thinking, tight))).toContain('must be greater than');
    const { input, notices } = sent('claude45', { ...effort, max_tokens: 900 });
    expect(input.additionalModelRequestFields).toBeUndefined();
    expect(notices).toContain('`reasoning_effort` was left out');
  });

  it('(8) Qwen, gpt-oss and Nova 2 take it each in a field of its own', () => {
    const effort = { prompt, reasoning_effort: 'high' as const, max_tokens: 4_000 };
    const sentFields = (name: 'qwen' | 'gptOss' | 'nova2') => sent(name, effort).input.additionalModelRequestFields;
    expect(sentFields('qwen')).toEqual({ reasoning_config: 'high' });
    expect(sentFields('gptOss')).toEqual({ reasoning_effort: 'high' });
    expect(sentFields('nova2')).toEqual({ reasoningConfig: { type: 'enabled', maxReasoningEffort: 'medium' } });
    expect(sent('llama', effort).notices).toContain('`reasoning_effort` was left out');
  });

  const thought = { type: 'reasoning' as const, text: 'Hm', signature: 's' };
  const turns = (...said: Parameters<typeof assistant>) => ({
    messages: [user(text('Hi')), assistant(...said), user(text('And?'))],
  });

  it('(9) reasoning goes back only signed, first in its turn, and to the model that thought it', () => {
    const { messages } = sent('claude45', turns(text('So.'), thought));
    expect(messages[1]?.content).toEqual([
      { reasoningContent: { reasoningText: { text: 'Hm', signature: 's' } } },
      { text: 'So.' },
    ]);
    const unsigned = sent('claude45', turns({ type: 'reasoning', text: 'Hm' }, text('So.')));
    expect(unsigned.messages[1]?.content).toEqual([{ text: 'So.' }]);
    expect(unsigned.notices).toContain('signature');
    const foreign = sent('claude55', turns({ ...thought, model: ids.claude45 }, text('So.')));
    expect(foreign.messages[1]?.content).toEqual([{ text: 'So.' }]);
    const wire = (...content: object[]) => ({
      messages: [...hi, { role: 'assistant', content }, ...hi],
    });
    const block = (signature?: string) => ({ reasoningContent: { reasoningText: { text: 'Hm', signature } } });
    expect(objectionTo('claude45', wire(block(), { text: 'a' }))).toContain('signature: Field required');
    expect(objectionTo('claude45', wire({ text: 'a' }, block('s')))).toContain('Expected `thinking`');
    expect(objectionTo('nova', wire(block('s')))).toContain('reasoningContent');
  });

  it('(9) thinking between two calls goes back as it came', () => {
    const { messages } = sent('claude45', {
      messages: [
        user(text('Hi')),
        assistant(thought, call('a'), { ...thought, signature: 't' }, call('b')),
        user(result('a'), result('b')),
      ],
      tools: [weatherTool],
    });
    expect(messages[1]?.content?.map((block) => Object.keys(block)[0])).toEqual([
      'reasoningContent',
      'toolUse',
      'reasoningContent',
      'toolUse',
    ]);
  });

  it('(10) redacted thinking is kept as bytes', () => {
    const { messages } = sent('claude45', turns({ type: 'reasoning', redacted: data }, text('So.')));
    expect(messages[1]?.content?.[0]).toEqual({
      reasoningContent: { redactedContent: new Uint8Array(Buffer.from(data, 'base64')) },
    });
    const handler = answerHandler('claude45');
    const redactedContent = new Uint8Array(Buffer.from(data, 'base64'));
    handler.add({ contentBlockDelta: { contentBlockIndex: 0, delta: { reasoningContent: { redactedContent } } } });
    handler.add({ messageStop: { stopReason: 'end_turn' } });
    expect(handler.finish().content).toEqual([expect.objectContaining({ type: 'reasoning', redacted: data })]);
  });

  it.each([
    [['<thinking>Hm', ' so</thinking>\n\nWell', '.'], 'Hm so', 'Well.'],
    [['<thin', 'king>Hm</think', 'ing>', 'Well.'], 'Hm', 'Well.'],
    [['Well, <thinking> is a tag.'], undefined, 'Well, <thinking> is a tag.'],
    [['<', '3'], undefined, '<3'],
    [['<thinking>cut'], 'cut', undefined],
  ])('(11) Nova 1 writes <thinking> tags in text: %j', (texts, reasoning, said) => {
    const { thinkingTags } = rulesOf(ids.nova);
    if (!thinkingTags) throw new Error('no tags');
    const split = thinkingSplit(thinkingTags);
    const handler = answerHandler('nova');
    for (const words of texts) {
      split({ contentBlockDelta: { contentBlockIndex: 0, delta: { text: words } } }, handler.add);
    }
    split({ messageStop: { stopReason: 'end_turn' } }, handler.add);
    expect(handler.finish().content).toEqual([
      ...(reasoning === undefined ? [] : [expect.objectContaining({ type: 'reasoning', text: reasoning })]),
      ...(said === undefined ? [] : [{ type: 'text', text: said }]),
    ]);
    expect(rulesOf(ids.nova2).thinkingTags).toBeUndefined();
  });

  it('(12) a model that was told to think may be silent for long', () => {
    // The watch of an attempt waits fifteen minutes where `thinks` is set; its own tests hold that.
    expect(sent('claude55', { prompt, reasoning_effort: 'high' }).thinks).toBe(true);
    expect(sent('claude55', { prompt }).thinks).toBe(false);
  });

  it('(13) no prefill: the conversation ends with the user', () => {
    const prefill = { messages: [...hi, { role: 'assistant', content: [{ text: 'So' }] }] };
    expect(objectionTo('claude46', prefill)).toContain('must end with a user message');
    expect(objectionTo('claude45', prefill)).toBeUndefined();
    expect(
      modelRequest.safeParse({
        messages: [
          { role: 'user', content: 'a' },
          { role: 'assistant', content: 'b' },
        ],
      }).success,
    ).toBe(false);
    // The user's turn held nothing that can be sent.
    const { messages, notices } = sent('claude46', {
      messages: [user(text('Hi')), assistant(text('So')), user({ type: 'reasoning', text: 'x' })],
    });
    expect(messages.at(-1)?.role).toBe('user');
    expect(notices).toContain('a user turn was added');
  });
});
