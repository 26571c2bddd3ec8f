import type { ConverseCommandOutput, ConverseStreamOutput } from '@aws-sdk/client-bedrock-runtime';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { eventsOf } from '../../src/bedrock/converse-answer.js';
import { createResponseHandler } from '../../src/bedrock/response-handler.js';
import { ServiceError } from '../../src/core/errors.js';
import { responseText } from '../../src/core/response.js';
import { nova, routed } from './client-setup.js';

const handler = (onText?: (text: string) => void) =>
  createResponseHandler({ request: routed(), ...(onText && { onText }) });
const delta = (contentBlockIndex: number, given: object) =>
  ({ contentBlockDelta: { contentBlockIndex, delta: given } }) as ConverseStreamOutput;
const text = (words: string, index = 0) => delta(index, { text: words });
const toolStart = (contentBlockIndex: number, name = 'weather') =>
  ({ contentBlockStart: { contentBlockIndex, start: { toolUse: { toolUseId: 't1', name } } } }) as ConverseStreamOutput;
const stop = (stopReason = 'end_turn') => ({ messageStop: { stopReason } }) as ConverseStreamOutput;
const usage = { metadata: { usage: { inputTokens: 3, outputTokens: 4, totalTokens: 7 }, metrics: undefined } };

function gather(events: readonly ConverseStreamOutput[]) {
  const answer = handler();
  for (const event of events) answer.add(event);
  return answer.finish();
}

describe('a gathered answer', () => {
  it('joins what belongs together, in the order of the blocks', () => {
    const events = [
      { messageStart: { role: 'assistant' as const } },
      delta(0, { reasoningContent: { text: 'Let ' } }),
      delta(0, { reasoningContent: { text: 'me see' } }),
      delta(0, { reasoningContent: { signature: 'sig' } }),
      text('A', 1),
      text('B', 1),
      toolStart(2),
      delta(2, { toolUse: { input: '{"city":' } }),
      delta(2, { toolUse: { input: '"Bern"}' } }),
      stop('tool_use'),
      usage,
    ];
    expect(gather(events)).toEqual({
      content: [
        { type: 'reasoning', text: 'Let me see', signature: 'sig', model: nova.model },
        { type: 'text', text: 'AB' },
        { type: 'tool_use', id: 't1', name: 'weather', input: { city: 'Bern' } },
      ],
      stopReason: 'tool_use',
      usage: expect.objectContaining({ inputTokens: 3, outputTokens: 4, estimated: false }),
      served: nova,
      notices: [],
    });
  });

  it('has empty input for a tool that was called without arguments', () => {
    expect(gather([toolStart(0), stop('tool_use'), usage]).content).toMatchObject([{ input: {} }]);
  });

  it('keeps redacted reasoning and images as bytes', () => {
    const bytes = new Uint8Array([1, 2, 3]);
    const { content } = gather([
      delta(0, { reasoningContent: { redactedContent: bytes } }),
      { contentBlockStart: { contentBlockIndex: 1, start: { image: { format: 'png' } } } },
      delta(1, { image: { source: { bytes } } }),
      stop(),
    ]);
    expect(content).toEqual([
      { type: 'reasoning', redacted: 'AQID', model: nova.model },
      { type: 'image', format: 'png', data: 'AQID' },
    ]);
  });

  it.each([
    ['guardrail_intervened', 'guardrail_intervened'],
    ['something_new', 'unknown'],
  ])('ends by %s', (given, expected) => {
    expect(gather([text('x'), stop(given)]).stopReason).toBe(expected);
  });

  it.each([
    ['an end without words', [stop(), usage], 'without saying anything'],
    ['a kind it does not know', [delta(0, { citation: {} }), text('x'), stop(), usage], 'cannot pass on'],
    [
      'an image of unknown format',
      [
        {
          contentBlockStart: { contentBlockIndex: 0, start: { image: { format: 'heic' } } },
        } as unknown as ConverseStreamOutput,
        text('x', 1),
        stop(),
        usage,
      ],
      'cannot pass on',
    ],
    ['a tool call cut short', [toolStart(0), delta(0, { toolUse: { input: '{"ci' } }), stop('max_tokens')], 'cut off'],
    [
      'counts that cannot be right',
      [
        text('x'),
        stop(),
        { metadata: { usage: { inputTokens: -1, outputTokens: 1, totalTokens: 0 }, metrics: undefined } },
      ],
      'cannot be right',
    ],
  ])('says so of %s', (_, events, notice) => {
    expect(gather(events).notices).toEqual([expect.stringContaining(notice)]);
  });

  it('estimates usage that was not reported', () => {
    expect(gather([text('some words'), stop()]).usage).toMatchObject({ estimated: true, outputTokens: 3 });
  });

  it('says nothing of an empty answer that was stopped for another reason', () => {
    expect(gather([stop('max_tokens'), usage])).toMatchObject({ content: [], notices: [] });
  });

  it('keeps a stop reason that it does not know as a notice', () => {
    expect(gather([text('x'), stop('brand_new!'), usage])).toMatchObject({
      stopReason: 'unknown',
      notices: ['The model stopped for a reason that this server does not know: brand_new.'],
    });
  });

  it.each([
    [{ serviceTier: { type: 'flex' } }, 'flex', ['Served in the tier flex, not default.']],
    [{ serviceTier: { type: 'default' } }, undefined, []],
    [{}, undefined, []],
  ])('tells the tier that was used: %j', (more, serviceTier, notices) => {
    const answer = gather([text('x'), stop(), { metadata: { ...usage.metadata, ...more } } as ConverseStreamOutput]);
    expect(answer.usage.serviceTier).toBe(serviceTier);
    expect(answer.notices).toEqual(notices);
  });

  it.each([
    ['arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-pro-v1:0', { model: 'amazon.nova-pro-v1:0' }],
    [
      'arn:aws:bedrock:us-east-1:1:inference-profile/us.anthropic.claude-x-v1:0',
      { model: 'anthropic.claude-x-v1:0', profile: 'us.anthropic.claude-x-v1:0' },
    ],
    ['us.amazon.nova-lite-v1:0', nova],
    ['', nova],
  ])('tells which model a prompt router chose: %s', (invokedModelId, served) => {
    const trace = { promptRouter: { invokedModelId } };
    const answer = gather([text('x'), stop(), { metadata: { ...usage.metadata, trace } }]);
    expect(answer.served).toEqual({ region: 'us-east-1', ...served });
    expect(answer.notices).toHaveLength(answer.served.model === nova.model ? 0 : 1);
  });

  it('gives the tool names of the caller back, and the answer in place of the tool that carries it', () => {
    const decoding = { names: { fromWire: () => 'mcp/weather' }, answerTool: 'answer' };
    const gathered = (name: string) => {
      const answer = createResponseHandler({ request: routed(), decoding });
      answer.add(text('Sure: ', 1));
      for (const event of [toolStart(0, name), delta(0, { toolUse: { input: '{"a":1}' } }), stop('tool_use')])
        answer.add(event);
      return answer.finish();
    };
    expect(gathered('mcp_weather')).toMatchObject({
      content: [{ text: 'Sure: ' }, { name: 'mcp/weather' }],
      stopReason: 'tool_use',
    });
    expect(gathered('answer')).toMatchObject({ content: [{ type: 'text', text: '{"a":1}' }], stopReason: 'end_turn' });
  });
});

it.each(['tool_use', 'max_tokens'])('an answer in a tool that is broken is text all the same, after %s', (reason) => {
  const decoding = { names: { fromWire: (name: string) => name }, answerTool: 'answer' };
  const answer = createResponseHandler({ request: routed(), decoding });
  for (const event of [toolStart(0, 'answer'), delta(0, { toolUse: { input: '{"a":' } })]) answer.add(event);
  expect(answer.textSoFar()).toBe('{"a":');
  answer.add(stop(reason));
  expect(answer.finish()).toMatchObject({
    content: [{ type: 'text', text: '{"a":' }],
    stopReason: reason === 'tool_use' ? 'end_turn' : reason,
  });
});

describe('an answer that a guardrail stopped', () => {
  const found = (inputAssessment: object) => ({ guardrail: { inputAssessment: { g: inputAssessment } } });
  const events = (trace: object, ...content: ConverseStreamOutput[]) => [
    ...content,
    stop('guardrail_intervened'),
    { metadata: { ...usage.metadata, trace } } as ConverseStreamOutput,
  ];

  it.each([
    [
      found({
        topicPolicy: { topics: [{ name: 'Investment advice', type: 'DENY', action: 'BLOCKED' }] },
        contentPolicy: {
          filters: [
            { type: 'HATE', action: 'NONE' },
            { type: 'VIOLENCE', action: 'BLOCKED' },
          ],
        },
        sensitiveInformationPolicy: { piiEntities: [{ type: 'EMAIL', match: 'me@secret.example', action: 'BLOCKED' }] },
        wordPolicy: { customWords: [{ match: 'secret word', action: 'BLOCKED' }] },
      }),
      'The guardrail intervened: Investment advice, VIOLENCE, EMAIL, custom word.',
    ],
    [{}, 'The guardrail intervened.'],
    [found({ topicPolicy: 'broken', contentPolicy: { filters: [null, 3] } }), 'The guardrail intervened.'],
  ])('says why, and never what was found', (trace, notice) => {
    expect(gather(events(trace, text('I cannot help with that.')))).toMatchObject({
      stopReason: 'guardrail_intervened',
      notices: [notice],
    });
  });

  it('is an error of its own when nothing is left, with what it used', () => {
    const answer = handler();
    for (const event of events({})) answer.add(event);
    expect(() => answer.finish()).toThrow(
      expect.objectContaining({ category: 'content_filtered', reason: 'guardrail' }),
    );
    expect(answer.usageSoFar()).toMatchObject({ inputTokens: 3, outputTokens: 4, estimated: false });
  });
});

describe('an answer that cannot be gathered', () => {
  it.each([
    ['without an end', [text('x')], 'stream_truncated'],
    ['of nothing', [], 'stream_truncated'],
    [
      'with broken arguments',
      [toolStart(0), delta(0, { toolUse: { input: '{"ci' } }), stop('tool_use')],
      'invalid_answer',
    ],
    [
      'with arguments that are a list',
      [toolStart(0), delta(0, { toolUse: { input: '[1]' } }), stop('tool_use')],
      'invalid_answer',
    ],
  ])('%s', (_, events, reason) => {
    expect(() => gather(events)).toThrow(expect.objectContaining({ category: 'model_error', reason, target: nova }));
  });
});

describe('while it runs', () => {
  it('hands on text as it comes, and only text', () => {
    const heard: string[] = [];
    const answer = handler((words) => heard.push(words));
    answer.add(delta(0, { reasoningContent: { text: 'hm' } }));
    answer.add(text('', 1));
    expect(answer.textHandedOn).toBe(false);
    answer.add(text('a', 1));
    answer.add(text('b', 1));
    expect(heard).toEqual(['a', 'b']);
    expect(answer).toMatchObject({ textHandedOn: true, ended: false });
    answer.add(stop());
    expect(answer.ended).toBe(true);
    expect(handler().textHandedOn).toBe(false);
  });

  it('tells a piece of the answer from what is around it', () => {
    const answer = handler();
    expect(answer.add({ messageStart: { role: 'assistant' } })).toBe(false);
    expect(answer.add(toolStart(0))).toBe(true);
    expect(answer.add(text('x', 1))).toBe(true);
    expect(answer.add(stop())).toBe(false);
    expect(answer.add(usage)).toBe(false);
  });

  it('estimates what was used so far', () => {
    const answer = handler();
    const before = answer.usageSoFar();
    answer.add(text('a good many words'));
    expect(before).toMatchObject({ outputTokens: 0, estimated: true });
    expect(before.inputTokens).toBeGreaterThan(0);
    expect(answer.usageSoFar().outputTokens).toBeGreaterThan(2);
  });
});

describe('properties', () => {
  it('any cutting of a text into pieces gives the text', () => {
    fc.assert(
      fc.property(fc.array(fc.string()), (pieces) => {
        const { content } = gather([...pieces.map((piece) => text(piece)), stop(), usage]);
        expect(responseText(content)).toBe(pieces.join(''));
      }),
    );
  });

  it('any order of events gives an answer or a ServiceError', () => {
    const event = fc.oneof(
      fc.constantFrom(stop(), stop('tool_use'), usage, toolStart(0), toolStart(1), {} as ConverseStreamOutput),
      fc.tuple(fc.nat(2), fc.string()).map(([index, words]) => text(words, index)),
      fc.tuple(fc.nat(2), fc.string()).map(([index, input]) => delta(index, { toolUse: { input } })),
      fc.constant(delta(0, { $unknown: ['new', 1] })),
    );
    fc.assert(
      fc.property(fc.array(event), (events) => {
        try {
          const answer = gather(events);
          expect(answer.usage.totalTokens).toBeGreaterThanOrEqual(0);
        } catch (error) {
          expect(error).toBeInstanceOf(ServiceError);
        }
      }),
    );
  });
});

describe('a plain answer', () => {
  const plain = (content: object[], stopReason = 'end_turn') =>
    ({
      output: { message: { role: 'assistant', content } },
      stopReason,
      usage: usage.metadata.usage,
    }) as unknown as ConverseCommandOutput;

  it('comes to the same as a stream', () => {
    const bytes = new Uint8Array([1]);
    const content = [
      { reasoningContent: { reasoningText: { text: 'hm', signature: 's' } } },
      { text: 'A' },
      { toolUse: { toolUseId: 't', name: 'n', input: { a: 1 } } },
      { toolUse: { toolUseId: 't', name: 'n' } },
      { image: { format: 'png', source: { bytes } } },
      { citationsContent: { content: [{ text: 'B' }] } },
      { reasoningContent: { redactedContent: bytes } },
    ];
    expect(gather(eventsOf(plain(content, 'tool_use'), nova))).toMatchObject({
      content: [
        { type: 'reasoning', text: 'hm', signature: 's' },
        { type: 'text', text: 'A' },
        { type: 'tool_use', id: 't', name: 'n', input: { a: 1 } },
        { type: 'tool_use', id: 't', name: 'n', input: {} },
        { type: 'image', format: 'png', data: 'AQ==' },
        { type: 'text', text: 'B' },
        { type: 'reasoning', redacted: 'AQ==' },
      ],
      stopReason: 'tool_use',
      usage: { inputTokens: 3, outputTokens: 4 },
      notices: [],
    });
  });

  it('says so of a block it cannot pass on', () => {
    expect(
      gather(eventsOf(plain([{ text: 'x' }, { video: {} }, { image: { format: 'png' } }]), nova)).notices,
    ).toHaveLength(1);
  });

  it.each([[{}], [{ output: {} }]])('%j without a message is an error', (answer) => {
    expect(() => eventsOf(answer as ConverseCommandOutput, nova)).toThrow(
      expect.objectContaining({ category: 'model_error', reason: 'invalid_answer' }),
    );
  });
});
