import { expect, it } from '@jest/globals';
import { families } from '../../src/bedrock/families/families.js';
import type { Json } from '../../src/bedrock/families/json.js';
import type { ModelFamily, NativeRequest } from '../../src/bedrock/families/model-family.js';
import { streamEvents, wholeEvents } from '../../src/bedrock/families/native-answer.js';
import { createResponseHandler, type GatheredAnswer } from '../../src/bedrock/response-handler.js';
import { type Model, modelSchema } from '../../src/core/model.js';
import { modelId, region } from '../../src/core/target.js';
import { isRefusal } from '../../src/sandbox/aws-error.js';
import { nativeFormat } from '../../src/sandbox/native/formats.js';

/** Answers as the family's models give them, shortened. */
export interface FamilyFixture {
  readonly family: ModelFamily;
  readonly format: string;
  readonly model: string;
  /** What the usual conversation comes to in the body. */
  readonly body: Json;
  readonly answer: Json;
  /** The same answer as a stream; missing: the models cannot stream. */
  readonly chunks?: readonly Json[];
  readonly headers?: Readonly<Record<string, string>>;
  readonly reasoning?: string;
  /** Input and output tokens; `estimated` when the shape carries none. */
  readonly usage: readonly [input: number, output: number] | 'estimated';
  /** The family's word for an end → ours. */
  readonly stops: Readonly<Record<string, string>>;
  /** The answer and its stream's last chunk with another word for its end. */
  readonly stopped: (word: string) => Json;
}

export const usualText = 'Bern is sunny.';

export const usualRequest = (model: string): NativeRequest => ({
  model,
  streaming: false,
  messages: [
    { role: 'user', content: [{ text: 'Hello' }] },
    { role: 'assistant', content: [{ text: 'Hi there' }] },
    { role: 'user', content: [{ text: 'Weather in Bern?' }] },
  ],
  system: [{ text: 'Be brief.' }],
  inferenceConfig: { maxTokens: 100, temperature: 0.5, topP: 0.9, stopSequences: ['END'] },
});

export const bytesOf = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));

export const rowOf = (id: string, format: string): Model =>
  modelSchema.parse({
    id,
    provider: id.split('.')[0],
    family: 'x',
    kind: 'chat',
    lifecycle: { status: 'ACTIVE' },
    callable: true,
    input: ['text'],
    output: ['text'],
    converse: true,
    converseStream: true,
    nativeFormat: format,
  });

function handlerFor(model: string) {
  const target = { model: modelId(model), region: region('us-east-1') };
  return createResponseHandler({
    request: { messages: [{ role: 'user', content: 'Hi' }], target, max_tokens: 100 },
  });
}

export function gatherWhole({ family, model, headers = {} }: FamilyFixture, answer: Json): GatheredAnswer {
  const handler = handlerFor(model);
  for (const event of wholeEvents(family, { body: bytesOf(answer), headers })) handler.add(event);
  return handler.finish();
}

export async function gatherStream({ family, model }: FamilyFixture, chunks: readonly Json[]): Promise<GatheredAnswer> {
  const handler = handlerFor(model);
  async function* sent() {
    for (const chunk of chunks) yield bytesOf(chunk);
  }
  for await (const event of streamEvents(family, sent())) handler.add(event);
  return handler.finish();
}

function expectUsual(fixture: FamilyFixture, { content, stopReason, usage }: GatheredAnswer): void {
  const { reasoning, usage: counts } = fixture;
  expect(content).toEqual([
    ...(reasoning === undefined ? [] : [expect.objectContaining({ type: 'reasoning', text: reasoning })]),
    { type: 'text', text: usualText },
  ]);
  expect(stopReason).toBe('end_turn');
  const { inputTokens, outputTokens, totalTokens, cacheReadTokens, cacheWriteTokens, estimated } = usage;
  expect(totalTokens).toBe(inputTokens + outputTokens + cacheReadTokens + cacheWriteTokens);
  expect(estimated).toBe(counts === 'estimated');
  if (counts !== 'estimated') expect([inputTokens, outputTokens]).toEqual(counts);
}

/** What every native format has to keep. */
export function modelFamilyContract(fixture: FamilyFixture): void {
  const { family, format, model, answer, chunks } = fixture;

  it('serves its own format alone', () => {
    expect(families.filter((other) => other.serves({ nativeFormat: format }))).toEqual([family]);
    expect(family.serves({ nativeFormat: 'another' })).toBe(false);
    expect(family.serves({})).toBe(false);
  });

  it('writes the body of a conversation, which the service accepts', () => {
    const body = family.encode(usualRequest(model));
    expect(body).toEqual(fixture.body);
    const decoded = nativeFormat(rowOf(model, format))?.decode(JSON.parse(JSON.stringify(body)));
    expect(decoded).toBeDefined();
    expect(isRefusal(decoded)).toBe(false);
  });

  it('adds the fields of its own that the caller gives', () => {
    const body = family.encode({ ...usualRequest(model), additionalModelRequestFields: { own_field: 7 } });
    expect(body).toEqual({ ...fixture.body, own_field: 7 });
  });

  it('reads a whole answer', () => {
    expectUsual(fixture, gatherWhole(fixture, answer));
  });

  it.each(Object.entries(fixture.stops))('knows the end %s as %s', (word, reason) => {
    expect(gatherWhole(fixture, fixture.stopped(word)).stopReason).toBe(reason);
  });

  it('passes on an end that nobody knows as unknown', () => {
    expect(gatherWhole(fixture, fixture.stopped('something_new')).stopReason).toBe('unknown');
  });

  it.each([{}, [], null, 'text'])('does not take %j for an answer', (nothing) => {
    expect(() => gatherWhole(fixture, nothing as Json)).toThrow('broke off');
  });

  if (!chunks) {
    it('does not stream', () => {
      expect(family.streamDecoder).toBeUndefined();
    });
    return;
  }

  it('reads the same answer from a stream, past chunks that say nothing', async () => {
    expectUsual(fixture, await gatherStream(fixture, chunks));
    expectUsual(fixture, await gatherStream(fixture, [...chunks.slice(0, 1), {}, { new: [1] }, ...chunks.slice(1)]));
  });

  it('gives each stream a decoder of its own', async () => {
    const [one, two] = await Promise.all([gatherStream(fixture, chunks), gatherStream(fixture, chunks)]);
    expect(one).toEqual(two);
  });

  it('takes a stream without its last chunks for a broken one', async () => {
    await expect(gatherStream(fixture, chunks.slice(0, 1))).rejects.toThrow('broke off');
  });
}
