import { describe, expect, it } from '@jest/globals';
import { encodeConverseRequest } from '../../../src/bedrock/converse-request.js';
import { obeyConversationRules } from '../../../src/bedrock/quirks/conversation.js';
import type { RoutedRequest } from '../../../src/core/request.js';
import { weatherTool } from '../client-setup.js';
import {
  answerHandler,
  assistant,
  call,
  hi,
  image,
  objectionTo,
  result,
  rowOf,
  sent,
  targetOf,
  text,
  user,
  wireCall,
  wireResult,
  wireTools,
  wireTurns,
} from './quirk-setup.js';

const tools = [weatherTool];
const toolTurns = (id: string, ...answer: Parameters<typeof user>) => ({
  messages: [user(text('Hi')), assistant(call(id)), user(...answer)],
  tools,
});

describe('conversation', () => {
  it('(14) starts with the user (except Claude, Qwen, Kimi, GLM) and ends with the user', () => {
    const given = { messages: [assistant(text('Welcome')), user(text('Hi'))] };
    const wire = { messages: [{ role: 'assistant', content: [{ text: 'Welcome' }] }, ...hi] };
    for (const name of ['nova', 'llama', 'mistral'] as const) {
      expect(objectionTo(name, wire)).toContain('must start with a user message');
      const { messages, notices } = sent(name, given);
      expect(messages.map(({ role }) => role)).toEqual(['user', 'assistant', 'user']);
      expect(notices).toContain('a user turn was put before');
    }
    for (const name of ['claude45', 'qwen', 'kimi'] as const) {
      expect(sent(name, given).messages.map(({ role }) => role)).toEqual(['assistant', 'user']);
    }
    expect(objectionTo('nova', { messages: [...hi, { role: 'assistant', content: [{ text: 'a' }] }] })).toContain(
      'must end with a user message',
    );
  });

  it('(15) consecutive turns of the same role are merged', () => {
    expect(objectionTo('nova', { messages: [...hi, ...hi] })).toContain('must alternate');
    const { messages } = sent('nova', { messages: [user(text('a')), user(text('b'))] });
    expect(messages).toEqual([{ role: 'user', content: [{ text: 'a' }, { text: 'b' }] }]);
  });

  it('(16) no empty or blank text, empty tool results only where nothing failed', () => {
    expect(objectionTo('nova', { messages: [{ role: 'user', content: [{ text: ' \n' }] }] })).toContain('is blank');
    const { messages } = sent('nova', { messages: [user(text(' '), text('a'), text(''))] });
    expect(messages).toEqual([{ role: 'user', content: [{ text: 'a' }] }]);
    const fine = sent('nova', toolTurns('t', result('t', '')));
    expect(fine.messages[2]?.content).toEqual([{ toolResult: { toolUseId: 't', content: [] } }]);
    const failed = sent('nova', toolTurns('t', result('t', ' ', true)));
    expect(failed.messages[2]?.content?.[0]?.toolResult?.content).toEqual([{ text: expect.stringMatching(/\S/) }]);
  });

  it('(17) no trailing whitespace in a final text of the assistant', () => {
    const wire = { messages: [...hi, { role: 'assistant', content: [{ text: 'So ' }] }] };
    expect(objectionTo('claude45', wire)).toContain('trailing whitespace');
    // Ours is never final.
    const { messages } = obeyConversationRules([{ role: 'assistant', content: [{ text: 'So ' }] }], {});
    expect(messages.at(-1)?.role).toBe('user');
  });

  it('(18) a message with nothing in it is dropped', () => {
    expect(objectionTo('nova', { messages: [{ role: 'user', content: [] }] })).toContain('is empty');
    const { messages } = sent('nova', {
      messages: [user(text('a')), assistant({ type: 'reasoning', text: 'x' }), user(text('b'))],
    });
    expect(messages).toEqual([{ role: 'user', content: [{ text: 'a' }, { text: 'b' }] }]);
  });

  it('(19) there is at least one message', () => {
    expect(objectionTo('nova', { messages: [], system: [{ text: 'x' }] })).toContain('must start with a user message');
    const request: RoutedRequest = { messages: [], system: 'Say hello.', target: targetOf('nova'), max_tokens: 9 };
    const { input } = encodeConverseRequest(request, rowOf('nova'));
    expect(input.messages).toEqual([{ role: 'user', content: [{ text: expect.stringMatching(/\S/) }] }]);
    expect(objectionTo('nova', input)).toBeUndefined();
  });

  it('(20) system text is not blank, and goes before the first user turn of a model without it', () => {
    expect(objectionTo('nova', { messages: hi, system: [{ text: ' ' }] })).toContain('system.0 is blank');
    expect(sent('nova', { prompt: 'Hi', system: ' ' }).input.system).toBeUndefined();
    expect(objectionTo('mistral7b', { messages: hi, system: [{ text: 'x' }] })).toContain("doesn't support system");
    const { messages } = sent('mistral7b', { prompt: 'Hi', system: 'Be brief.' });
    expect(messages).toEqual([{ role: 'user', content: [{ text: 'Be brief.' }, { text: 'Hi' }] }]);
  });
});

describe('tools', () => {
  it('(21) a history with tool calls needs tools, or becomes text', () => {
    expect(objectionTo('nova', { messages: wireTurns('t', wireResult('t')) })).toContain('toolConfig field must be');
    const { tools: _, ...without } = toolTurns('t', result('t'));
    const { messages, input } = sent('nova', without);
    expect(input.toolConfig).toBeUndefined();
    expect(messages.flatMap(({ content = [] }) => content.flatMap((block) => Object.keys(block)))).toEqual([
      'text',
      'text',
      'text',
    ]);
  });

  it('(22) every call is answered in the next user turn, and nothing else', () => {
    const toolConfig = wireTools;
    expect(objectionTo('nova', { toolConfig, messages: [...wireTurns('t', { text: 'x' })] })).toContain('Ids: t');
    expect(objectionTo('nova', { toolConfig, messages: wireTurns('t', wireResult('t'), wireResult('u')) })).toContain(
      'exceeds the number',
    );
    const missing = sent('nova', toolTurns('t', text('And?')));
    expect(missing.messages[2]?.content?.[0]?.toolResult).toMatchObject({ toolUseId: 't', status: 'error' });
    expect(missing.notices).toContain('had no result');
    const stray = sent('nova', toolTurns('t', result('t'), result('u', 'rainy')));
    expect(stray.messages[2]?.content).toEqual([expect.anything(), { text: expect.stringContaining('rainy') }]);
    expect(stray.notices).toContain('answered no call');
    const misplaced = sent('nova', {
      messages: [user(text('Hi'), call('x')), assistant(text('a'), result('y')), user(text('b'))],
      tools,
    });
    expect(JSON.stringify(misplaced.messages)).not.toContain('toolUse');
    expect(misplaced.notices).toContain('could not be one where it stood');
  });

  it('(23) tool results alone in their turn for Llama, Mistral, Writer; no document beside them for Claude', () => {
    for (const [name, id] of [
      ['llama', 't'],
      ['mistral', 'abcdefgh1'],
      ['writer', 't'],
    ] as const) {
      const messages = wireTurns(id, { toolResult: { toolUseId: id, content: [{ json: {} }] } }, { text: 'x' });
      expect(objectionTo(name, { toolConfig: wireTools, messages })).toContain("can't be combined");
      const { messages: turns } = sent(name, toolTurns('t', result('t'), text('And?')));
      expect(turns.map(({ role }) => role)).toEqual(['user', 'assistant', 'user', 'assistant', 'user']);
      expect(turns[4]?.content).toEqual([{ text: 'And?' }]);
    }
    const beside = { ...image, type: 'document' as const, format: 'pdf' as const, name: 'plan' };
    const { messages } = sent('claude45', toolTurns('t', result('t'), beside, text('And?')));
    expect(messages[2]?.content?.map((block) => Object.keys(block)[0])).toEqual(['toolResult']);
    expect(messages[4]?.content?.map((block) => Object.keys(block)[0])).toEqual(['document', 'text']);
    const together = sent('claude45', toolTurns('t', result('t'), image, text('And?')));
    expect(together.messages).toHaveLength(3);
  });

  it('(24) ids of Mistral are nine letters and digits, the same for call and result, different for different ones', () => {
    const toolConfig = wireTools;
    const messages = wireTurns('tooluse_1', { toolResult: { toolUseId: 'tooluse_1', content: [{ json: {} }] } });
    expect(objectionTo('mistral', { toolConfig, messages })).toContain('length of 9');
    const turns = sent('mistral', {
      messages: [
        user(text('Hi')),
        assistant(call('a'), call('b'), call('abcdefgh1')),
        user(result('b'), result('a'), result('abcdefgh1')),
      ],
      tools,
    }).messages;
    const called = turns[1]?.content?.map((block) => block.toolUse?.toolUseId) ?? [];
    const answered = turns[2]?.content?.map((block) => block.toolResult?.toolUseId) ?? [];
    expect(new Set(called).size).toBe(3);
    expect(called[2]).toBe('abcdefgh1');
    expect(answered).toEqual([called[1], called[0], called[2]]);
  });

  it('(25) Writer takes no status, Mistral wants JSON results', () => {
    const toolConfig = wireTools;
    expect(
      objectionTo('writer', { toolConfig, messages: wireTurns('t', wireResult('t', { status: 'error' })) }),
    ).toContain('status field');
    const writer = sent('writer', toolTurns('t', result('t', 'no service', true)));
    expect(writer.messages[2]?.content).toEqual([
      { toolResult: { toolUseId: 't', content: [{ text: 'Error:' }, { text: 'no service' }] } },
    ]);
    expect(objectionTo('mistral', { toolConfig, messages: wireTurns('abcdefgh1', wireResult('abcdefgh1')) })).toContain(
      'must be json',
    );
    const contentOf = (content: string) =>
      sent('mistral', toolTurns('t', result('t', content))).messages[2]?.content?.[0]?.toolResult?.content;
    expect(contentOf('{"sky":"blue"}')).toEqual([{ json: { sky: 'blue' } }]);
    expect(contentOf('[1]')).toEqual([{ json: { result: '[1]' } }]);
    expect(contentOf('sunny')).toEqual([{ json: { result: 'sunny' } }]);
  });

  it('(26) a failed result of Claude holds text only', () => {
    const failed = wireResult('t', { status: 'error', content: [{ json: {} }] });
    expect(objectionTo('claude45', { toolConfig: wireTools, messages: wireTurns('t', failed) })).toContain(
      'must be type "text"',
    );
    const { messages } = sent('claude45', toolTurns('t', result('t', '{"a":1}', true)));
    expect(messages[2]?.content?.[0]?.toolResult).toMatchObject({ status: 'error', content: [{ text: '{"a":1}' }] });
  });

  it('(27) no images in tool results where they are refused: they stand beside them', () => {
    const toolConfig = wireTools;
    const shown = wireResult('t', { content: [{ image: { format: 'png', source: {} } }] });
    for (const name of ['qwen', 'kimi', 'gptOss'] as const) {
      expect(objectionTo(name, { toolConfig, messages: wireTurns('t', shown) })).toContain('image content block');
    }
    const office = wireResult('t', { content: [{ document: { format: 'pdf', name: 'x' } }] });
    expect(objectionTo('nova', { toolConfig, messages: wireTurns('t', office) })).toContain('pdf and docx');
    // Results are text in our own requests; an image comes as a block of the turn.
    expect(sent('kimi', toolTurns('t', result('t'), image)).messages[2]?.content).toHaveLength(2);
  });

  it('(28) names are sanitised, mapped back, and stay different', () => {
    const odd = ['get.weather', 'get/weather'].map((name) => ({ ...weatherTool, name }));
    const { input } = sent('nova', { prompt: 'Hi', tools: odd });
    const names = input.toolConfig?.tools?.map((tool) => tool.toolSpec?.name) ?? [];
    expect(new Set(names).size).toBe(2);
    for (const name of names) expect(name).toMatch(/^[a-zA-Z0-9_-]{1,64}$/);
  });

  it('(29) the input of a call is an object, and {} when nothing was streamed', () => {
    const messages = [
      ...hi,
      { role: 'assistant', content: [wireCall('t', 'x')] },
      { role: 'user', content: [wireResult('t')] },
    ];
    expect(objectionTo('nova', { toolConfig: wireTools, messages })).toContain('Provide a json object');
    const handler = answerHandler('nova');
    handler.add({ contentBlockStart: { contentBlockIndex: 0, start: { toolUse: { toolUseId: 't', name: 'now' } } } });
    handler.add({ messageStop: { stopReason: 'tool_use' } });
    expect(handler.finish().content).toEqual([{ type: 'tool_use', id: 't', name: 'now', input: {} }]);
  });

  it('(30) a tool has a description and a schema of type object', () => {
    const spec = (description: string, json: object) => ({
      messages: hi,
      toolConfig: { tools: [{ toolSpec: { name: 'x', description, inputSchema: { json } } }] },
    });
    expect(objectionTo('nova', spec('', { type: 'object' }))).toContain('description');
    expect(objectionTo('nova', spec('x', {}))).toContain('must be one of the following: object');
    const { input } = sent('nova', { prompt: 'Hi', tools: [{ ...weatherTool, input_schema: {} }] });
    expect(input.toolConfig?.tools?.[0]?.toolSpec?.inputSchema?.json).toEqual({ type: 'object' });
  });

  it('(31) strict tools: their number, their models and their keywords', () => {
    const strict = (count: number, json: object = {}) => ({
      messages: hi,
      toolConfig: {
        tools: Array.from({ length: count }, (_, index) => ({
          toolSpec: {
            name: `t${index}`,
            strict: true,
            inputSchema: { json: { type: 'object', additionalProperties: false, ...json } },
          },
        })),
      },
    });
    expect(objectionTo('claude45', strict(1))).toBeUndefined();
    expect(objectionTo('claude45', strict(21))).toContain('Too many strict tools');
    expect(objectionTo('claude41', strict(1))).toContain('strict: Extra inputs');
    expect(objectionTo('claude45', strict(1, { minimum: 1 }))).toContain("'minimum' is not supported");
    expect(objectionTo('claude45', strict(1, { minItems: 2 }))).toContain("'minItems'");
    expect(objectionTo('claude45', strict(1, { additionalProperties: true }))).toContain('additionalProperties');
    // Tools of the caller are never sent as strict.
    expect(sent('claude45', { prompt: 'Hi', tools }).input.toolConfig?.tools?.[0]?.toolSpec).not.toHaveProperty(
      'strict',
    );
  });

  it('(32) there is no toolChoice none: no tools are sent; each family takes its own choices', () => {
    expect(objectionTo('nova', { messages: hi, toolConfig: { ...wireTools, toolChoice: { none: {} } } })).toContain(
      'none',
    );
    expect(sent('nova', { prompt: 'Hi', tools, tool_choice: 'none' }).input.toolConfig).toBeUndefined();
    expect(objectionTo('llama', { messages: hi, toolConfig: { ...wireTools, toolChoice: { any: {} } } })).toContain(
      'any',
    );
    expect(sent('llama', { prompt: 'Hi', tools, tool_choice: 'any' }).notices).toContain('tool_choice');
    expect(sent('mistral', { prompt: 'Hi', tools, tool_choice: 'weather' }).input.toolConfig?.toolChoice).toEqual({
      any: {},
    });
  });
});
