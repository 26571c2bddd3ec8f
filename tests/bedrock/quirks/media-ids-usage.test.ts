import type { TokenUsage } from '@aws-sdk/client-bedrock-runtime';
import { describe, expect, it } from '@jest/globals';
import type { ContentBlock } from '../../../src/core/request.js';
import { region, targetKey } from '../../../src/core/target.js';
import { loadCatalogue } from '../../../src/models/catalogue/load-catalogue.js';
import { createModelManager } from '../../../src/models/model-manager.js';
import { isRefusal } from '../../../src/sandbox/aws-error.js';
import { createCatalogueRules } from '../../../src/sandbox/catalogue-rules.js';
import { answerHandler, assistant, data, document, hi, image, objectionTo, sent, text, user } from './quirk-setup.js';

const times = (count: number, block: ContentBlock): ContentBlock[] => Array.from({ length: count }, () => block);
const wireImage = { image: { format: 'png', source: { bytes: data } } };
const wireDocument = (name: string) => ({ document: { format: 'pdf', name, source: { bytes: data } } });
const said = (...content: object[]) => ({ messages: [{ role: 'user', content }] });
const kinds = (content: readonly object[] | undefined) => content?.map((block) => Object.keys(block)[0]);

describe('media', () => {
  it('(33) at most 20 images and 5 documents, in user turns, documents with a text beside them', () => {
    expect(objectionTo('nova', said(...times(21, image).map(() => wireImage), { text: 'x' }))).toContain(
      'too many images',
    );
    const large = { image: { format: 'png', source: { bytes: 'A'.repeat(5_300_000) } } };
    expect(objectionTo('nova', said(large))).toContain('3.75 MB');
    expect(objectionTo('nova', { messages: [...hi, { role: 'assistant', content: [wireImage] }, ...hi] })).toContain(
      'user messages only',
    );
    expect(objectionTo('nova', said(wireDocument('a')))).toContain('A text block must be included');
    expect(() => sent('nova', { messages: [user(...times(21, image))] })).toThrow('holds 21 images; Bedrock takes 20');
    expect(() => sent('nova', { messages: [user(...times(3, document)), user(...times(3, document))] })).toThrow(
      '6 documents',
    );
    const moved = sent('nova', { messages: [user(text('a')), assistant(text('b'), image), user(text('c'))] });
    expect(moved.messages.map(({ content }) => kinds(content))).toEqual([['text'], ['text'], ['image', 'text']]);
    expect(kinds(sent('nova', { messages: [user(document)] }).messages[0]?.content)).toEqual(['document', 'text']);
  });

  it('(34) document names are clean and unique', () => {
    expect(objectionTo('nova', said(wireDocument('a_b.pdf'), { text: 'x' }))).toContain('alphanumeric');
    expect(objectionTo('nova', said(wireDocument('a'), wireDocument('a'), { text: 'x' }))).toContain('unique');
    const { messages } = sent('nova', { messages: [user(document, document, text('x'))] });
    expect(messages[0]?.content?.flatMap((block) => block.document?.name ?? [])).toEqual(['a b pdf', 'a b pdf (2)']);
  });

  it('(35) cache points follow content, are at most four, and only for models that cache', () => {
    const point = { cachePoint: { type: 'default' } };
    expect(objectionTo('claude45', said(point, { text: 'x' }))).toContain('must follow the content');
    expect(objectionTo('claude45', said(...Array.from({ length: 5 }, () => [{ text: 'x' }, point]).flat()))).toContain(
      'maximum of 4',
    );
    expect(objectionTo('llama', said({ text: 'x' }, point))).toContain('prompt caching');
    const long = { prompt: 'Hi', system: 'word '.repeat(9_000) };
    expect(kinds(sent('claude45', long, { promptCaching: 'auto' }).input.system)).toEqual(['text', 'cachePoint']);
    expect(kinds(sent('llama', long, { promptCaching: 'auto' }).input.system)).toEqual(['text']);
  });
});

describe('ids', () => {
  const catalogue = loadCatalogue();
  const targets = (name: string, inRegion: string) => {
    const manager = createModelManager({ catalogue, regions: [region(inRegion)] });
    return manager.targetsOf(manager.resolve(name)).targets.map(targetKey);
  };

  it('(36) an ARN that hides its model is refused with an explanation, until the service tells what is behind it', () => {
    const manager = createModelManager({ catalogue, regions: [region('us-east-1')] });
    const arn = 'arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/abc123';
    expect(() => manager.resolve(arn)).toThrow();
  });

  it('(37) the geography of a profile fits the region', () => {
    const rules = createCatalogueRules(catalogue);
    expect(isRefusal(rules.resolveToInvoke('eu.amazon.nova-lite-v1:0', 'us-east-1', 0))).toBe(true);
    expect(targets('amazon.nova-2-lite-v1:0', 'eu-central-1').join()).not.toContain('us.');
    expect(targets('amazon.nova-2-lite-v1:0', 'us-east-1').join()).not.toContain('eu.');
    expect(targets('amazon.nova-2-lite-v1:0', 'eu-central-1').length).toBeGreaterThan(0);
  });

  it('(38) the geography is taken off to find the model, and ids without date or version are ids', () => {
    const manager = createModelManager({ catalogue, regions: [region('us-east-1')] });
    for (const id of [
      'us.anthropic.claude-opus-4-7',
      'global.anthropic.claude-opus-4-7',
      'anthropic.claude-opus-4-7',
    ]) {
      expect(manager.resolve(id).model.id).toBe('anthropic.claude-opus-4-7');
    }
  });
});

describe('usage', () => {
  const finish = (usage: TokenUsage | undefined, stopReason: 'end_turn' | 'guardrail_intervened' = 'end_turn') => {
    const handler = answerHandler('claude45');
    handler.add({ contentBlockDelta: { contentBlockIndex: 0, delta: { text: 'Hello' } } });
    handler.add({ messageStop: { stopReason } });
    if (usage) handler.add({ metadata: { usage, metrics: { latencyMs: 1 } } });
    return handler;
  };

  it('(39) cached tokens are outside of inputTokens', () => {
    const { usage } = finish({
      inputTokens: 5,
      outputTokens: 7,
      totalTokens: 42,
      cacheReadInputTokens: 20,
      cacheWriteInputTokens: 10,
    }).finish();
    expect(usage).toMatchObject({ inputTokens: 5, cacheReadTokens: 20, cacheWriteTokens: 10, totalTokens: 42 });
  });

  it('(40) a stream that never came to its last event is estimated, and marked', () => {
    const handler = answerHandler('claude45');
    handler.add({ contentBlockDelta: { contentBlockIndex: 0, delta: { text: 'Hello there' } } });
    expect(handler.usageSoFar()).toMatchObject({ estimated: true });
    expect(handler.usageSoFar().outputTokens).toBeGreaterThan(0);
    expect(finish(undefined).finish().usage.estimated).toBe(true);
  });

  it('(41) reasoning is inside of outputTokens, and is not counted again', () => {
    const handler = answerHandler('claude45');
    handler.add({
      contentBlockDelta: { contentBlockIndex: 0, delta: { reasoningContent: { text: 'Hm'.repeat(50) } } },
    });
    handler.add({ contentBlockDelta: { contentBlockIndex: 1, delta: { text: 'Hello' } } });
    handler.add({ messageStop: { stopReason: 'end_turn' } });
    const usage = { inputTokens: 5, outputTokens: 90, totalTokens: 95 };
    handler.add({ metadata: { usage, metrics: { latencyMs: 1 } } });
    expect(handler.finish().usage).toMatchObject({ outputTokens: 90, totalTokens: 95 });
  });

  it('(42) an answer that a guardrail replaced is billed all the same', () => {
    const handler = finish({ inputTokens: 5, outputTokens: 7, totalTokens: 12 }, 'guardrail_intervened');
    expect(handler.usageSoFar()).toMatchObject({ inputTokens: 5, outputTokens: 7, totalTokens: 12, estimated: false });
  });

  it('(43) the model that a prompt router invoked is what was served', () => {
    const handler = finish(undefined);
    const trace = { promptRouter: { invokedModelId: 'us.amazon.nova-pro-v1:0' } };
    const usage = { inputTokens: 5, outputTokens: 7, totalTokens: 12 };
    handler.add({ metadata: { usage, metrics: { latencyMs: 1 }, trace } });
    expect(handler.finish().served).toMatchObject({
      model: 'amazon.nova-pro-v1:0',
      profile: 'us.amazon.nova-pro-v1:0',
    });
  });
});
