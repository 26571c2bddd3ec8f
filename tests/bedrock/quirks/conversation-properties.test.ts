import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { encodeConverseRequest } from '../../../src/bedrock/converse-request.js';
import { obeyConversationRules } from '../../../src/bedrock/quirks/conversation.js';
import { rulesOf } from '../../../src/bedrock/quirks/model-rules.js';
import { ServiceError } from '../../../src/core/errors.js';
import type { Model } from '../../../src/core/model.js';
import type { ContentBlock, Message, RoutedRequest } from '../../../src/core/request.js';
import { modelId, region } from '../../../src/core/target.js';
import { loadCatalogue } from '../../../src/models/catalogue/load-catalogue.js';
import { isRefusal } from '../../../src/sandbox/aws-error.js';
import { converseBody, parseBody } from '../../../src/sandbox/converse-body.js';
import { objection } from '../../../src/sandbox/request-rules.js';
import { weatherTool } from '../client-setup.js';

const catalogue = loadCatalogue();
/** One of each kind of rules. */
const models = [
  'anthropic.claude-sonnet-4-5-20250929-v1:0',
  'anthropic.claude-opus-5-5',
  'amazon.nova-lite-v1:0',
  'meta.llama4-scout-17b-instruct-v1:0',
  'mistral.mistral-large-3-675b-instruct',
  'mistral.mistral-7b-instruct-v0:2',
  'mistral.voxtral-mini-3b-2507',
  'writer.palmyra-x5-v1:0',
  'qwen.qwen3-32b-v1:0',
  'moonshotai.kimi-k2.5',
  'openai.gpt-oss-120b-1:0',
  'deepseek.r1-v1:0',
  'ai21.j2-ultra-v1',
  'amazon.titan-text-express-v1',
].map((id) => catalogue.models.find((model) => model.id === id) as Model);

const data = Buffer.from('bytes').toString('base64');
const text = fc.oneof(fc.constantFrom('', ' ', '\n\t', 'Hello', 'trailing '), fc.string({ maxLength: 12 }));
/** Few ids, so that they meet. */
const id = fc.constantFrom('a', 'b', 'call_1', 'aaaaaaaaa', 'with space');

const block = ({ input, tools }: Model): fc.Arbitrary<ContentBlock> => {
  const usual: fc.Arbitrary<ContentBlock>[] = [
    text.map((words) => ({ type: 'text', text: words })),
    fc
      .record({ text: fc.option(text, { nil: '' }), signature: fc.constantFrom('s', undefined) })
      .map(({ text: words, signature }) => ({
        type: 'reasoning',
        text: words,
        ...(signature !== undefined && { signature }),
      })),
  ];
  const calls: fc.Arbitrary<ContentBlock>[] = [
    id.map((name) => ({ type: 'tool_use', id: name, name: 'weather', input: {} })),
    fc.record({ id, content: text, is_error: fc.boolean() }).map(({ id: name, ...rest }) => ({
      type: 'tool_result',
      tool_use_id: name,
      ...rest,
    })),
  ];
  const image: fc.Arbitrary<ContentBlock> = fc.constant({ type: 'image', format: 'png', data });
  const document: fc.Arbitrary<ContentBlock> = fc.constant({ type: 'document', format: 'pdf', name: 'a_b', data });
  const video: fc.Arbitrary<ContentBlock> = fc.constant({ type: 'video', format: 'mp4', data });
  const audio: fc.Arbitrary<ContentBlock> = fc.constant({ type: 'audio', format: 'mp3', data });
  return fc.oneof(
    ...usual,
    ...(tools === false ? [] : calls),
    ...(input.includes('image') ? [image] : []),
    ...(input.includes('document') ? [document] : []),
    ...(input.includes('video') ? [video] : []),
    ...(input.includes('audio') ? [audio] : []),
  );
};

const history = (model: Model): fc.Arbitrary<Message[]> =>
  fc
    .array(
      fc.record({
        role: fc.constantFrom('user' as const, 'assistant' as const),
        content: fc.oneof(text, fc.array(block(model), { minLength: 1, maxLength: 4 })),
      }),
      { maxLength: 7 },
    )
    .filter(isBearable);

/** More attachments in a turn than Bedrock takes are refused with an explanation; that has a test of its own. */
function isBearable(messages: readonly Message[]): boolean {
  const blocks = messages.flatMap(({ content }) => (typeof content === 'string' ? [] : content));
  const count = (kind: ContentBlock['type']) => blocks.filter(({ type }) => type === kind).length;
  return count('document') <= 5 && count('video') <= 1 && count('audio') <= 1;
}

function encode(messages: Message[], model: Model, withTools: boolean) {
  const request: RoutedRequest = {
    messages,
    target: { model: modelId(model.id), region: region('us-east-1') },
    max_tokens: 50,
    ...(withTools && { tools: [weatherTool] }),
  };
  return encodeConverseRequest(request, model);
}

/** As it looks on the wire. */
const onWire = (value: unknown): unknown =>
  JSON.parse(
    JSON.stringify(value, (_key, member: unknown) =>
      member instanceof Uint8Array ? Buffer.from(member).toString('base64') : member,
    ),
  );

describe.each(models.map((model) => [model.id, model] as const))('any history for %s', (_id, model) => {
  const arbitrary = fc.tuple(history(model), fc.boolean());

  it('comes out as its rules want it', () => {
    fc.assert(
      fc.property(arbitrary, ([messages, tools]) => {
        const { input } = encode(messages, model, tools && model.tools !== false);
        const body = parseBody(converseBody, onWire(input));
        if (isRefusal(body)) throw new Error(body.message);
        expect(objection({ model, body, streaming: false, native: false })?.message).toBeUndefined();
      }),
      { numRuns: 150 },
    );
  });

  it('does not change when it is put in order again', () => {
    fc.assert(
      fc.property(arbitrary, ([messages, tools]) => {
        const { input } = encode(messages, model, tools && model.tools !== false);
        const again = obeyConversationRules(input.messages ?? [], rulesOf(model.id));
        expect(again.messages).toEqual(input.messages);
        expect(again.notices).toEqual([]);
      }),
      { numRuns: 150 },
    );
  });

  it('keeps every text that says something', () => {
    fc.assert(
      fc.property(history(model), (messages) => {
        const sent = JSON.stringify(onWire(encode(messages, model, false).input.messages));
        for (const { content } of messages) {
          const blocks: readonly ContentBlock[] =
            typeof content === 'string' ? [{ type: 'text', text: content }] : content;
          for (const said of blocks) {
            if (said.type === 'text' && said.text.trim() !== '')
              expect(sent).toContain(JSON.stringify(said.text).slice(1, -1));
          }
        }
      }),
      { numRuns: 60 },
    );
  });
});

it('explains what no order can mend', () => {
  const [model] = models;
  const images: ContentBlock[] = Array.from({ length: 21 }, () => ({ type: 'image', format: 'png', data }));
  expect(() => encode([{ role: 'user', content: images }], model as Model, false)).toThrow(ServiceError);
});
