import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { answerSource } from '../../../src/bedrock/answer-source.js';
import { encodeModelCall } from '../../../src/bedrock/model-call.js';
import { createResponseHandler } from '../../../src/bedrock/response-handler.js';
import type { Model } from '../../../src/core/model.js';
import { modelId } from '../../../src/core/target.js';
import { loadCatalogue } from '../../../src/models/catalogue/load-catalogue.js';
import type { Answer } from '../../../src/sandbox/answer.js';
import { isRefusal } from '../../../src/sandbox/aws-error.js';
import { converseFormat } from '../../../src/sandbox/converse.js';
import type { ConverseBody } from '../../../src/sandbox/converse-body.js';
import { encodeEvent } from '../../../src/sandbox/event-stream.js';
import { nativeFormat } from '../../../src/sandbox/native/formats.js';
import { withOutput } from '../../../src/sandbox/usage.js';
import { rowOf } from '../../contracts/model-family-contract.js';
import { nova, routed, runtimeOf } from '../client-setup.js';
import { fixtures } from './fixtures.js';

const runs = { numRuns: 60 };
/** What a person may write, blank at its ends or not, but with something in it. */
const said = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 60 }).filter((text) => text.trim() !== '');
const turns = fc.array(said, { minLength: 1, maxLength: 7 }).map((texts) =>
  // The user has the last word.
  texts.map((text, index) => ({
    role: (texts.length - index) % 2 === 1 ? ('user' as const) : ('assistant' as const),
    text,
  })),
);

const textsOf = ({ messages }: ConverseBody, role: string): string[] =>
  messages.filter((turn) => turn.role === role).flatMap(({ content }) => content.map(({ text }) => text ?? ''));

describe('the body of a family keeps the meaning of a conversation', () => {
  it.each(fixtures.map((fixture) => [fixture.family.id, fixture] as const))('%s', (_id, { family, format, model }) => {
    fc.assert(
      fc.property(turns, said, fc.double({ min: 0, max: 1, noNaN: true }), (conversation, system, temperature) => {
        const messages = conversation.map(({ role, text }) => ({ role, content: [{ text }] }));
        const inferenceConfig = { maxTokens: 77, temperature };
        const body = family.encode({ model, streaming: false, messages, system: [{ text: system }], inferenceConfig });
        const decoded = nativeFormat(rowOf(model, format))?.decode(JSON.parse(JSON.stringify(body)));
        if (!decoded || isRefusal(decoded)) throw new Error('refused');
        expect(decoded.inferenceConfig).toMatchObject({ maxTokens: 77, temperature });
        const [prompt = ''] = textsOf(decoded, 'user');
        if (decoded.messages.length === messages.length && decoded.system.length > 0) {
          expect(decoded.system.map(({ text }) => text)).toEqual([system]);
          expect(decoded.messages).toEqual(messages);
          return;
        }
        // A prompt: everything in it, the turns in their order.
        expect(prompt).toContain(system);
        let from = 0;
        for (const { text } of conversation) {
          const at = prompt.indexOf(text, from);
          expect(at).toBeGreaterThanOrEqual(0);
          from = at + text.length;
        }
      }),
      runs,
    );
  });
});

/* Streams. */

function answerOf(texts: readonly string[], stopReason: string): Answer {
  const input = { inputTokens: 11, cacheReadInputTokens: 0, cacheWriteInputTokens: 0 };
  return {
    blocks: [{ type: 'text', text: texts.join('') }],
    stopReason,
    usage: withOutput(input, 5),
    applied: {},
  };
}

const timing = () => ({ latencyMs: 2, firstByteMs: 1 });

/** A server that sends `parts` in as many writes. */
async function serving<Result>(parts: readonly Uint8Array[], use: (url: string) => Promise<Result>): Promise<Result> {
  const server = createServer((request, response) => {
    request.resume();
    response.writeHead(200, { 'content-type': 'application/vnd.amazon.eventstream' });
    const writeFrom = (index: number): void => {
      const part = parts[index];
      if (!part) response.end();
      else response.write(part, () => setImmediate(writeFrom, index + 1));
    };
    writeFrom(0);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    return await use(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
}

function cut(bytes: Uint8Array, places: readonly number[]): Uint8Array[] {
  const at = [...new Set(places.map((place) => place % bytes.length))].sort((left, right) => left - right);
  return [0, ...at]
    .map((start, index) => bytes.subarray(start, at[index] ?? bytes.length))
    .filter((part) => part.length > 0);
}

async function gathered(model: Model, mode: 'never' | 'always', parts: readonly Uint8Array[]) {
  const target = { ...nova, model: modelId(model.id) };
  const request = routed({ prompt: 'Hi' }, target);
  return serving(parts, async (url) => {
    const client = runtimeOf(url);
    const answer = createResponseHandler({ request });
    const source = answerSource(client, encodeModelCall(request, model, mode), model, target);
    for await (const event of await source.open(new AbortController().signal)) {
      if (source.split) source.split(event, answer.add);
      else answer.add(event);
    }
    client.destroy();
    return answer.finish();
  });
}

describe('a stream cut anywhere decodes to the same', () => {
  const streaming = fixtures.filter(({ chunks }) => chunks);
  const cases = [
    ['Converse', rowOf('amazon.nova-pro-v1:0', 'nova'), 'never' as const],
    ...streaming.map(({ family, model, format }) => [family.id, rowOf(model, format), 'always' as const]),
  ] as [string, Model, 'never' | 'always'][];

  it.each(cases)('%s', async (_name, model, mode) => {
    const format = mode === 'never' ? converseFormat : nativeFormat(model);
    const served = { model, requestedId: model.id, region: 'us-east-1' };
    const arbitrary = fc.tuple(
      fc.array(said, { minLength: 1, maxLength: 4 }),
      fc.array(fc.nat(1_000_000), { maxLength: 12 }),
      fc.boolean(),
    );
    await fc.assert(
      fc.asyncProperty(arbitrary, async ([texts, places, everyByte]) => {
        const answer = answerOf(texts, 'end_turn');
        const frames = [...(format?.stream?.(answer, served, timing) ?? [])].map(({ type, payload }) =>
          encodeEvent(type, payload as object),
        );
        const bytes = Buffer.concat(frames);
        const whole = await gathered(model, mode, [bytes]);
        // Byte by byte, or at some places; a long stream byte by byte would take too long.
        const parts = everyByte && bytes.length < 1_500 ? cut(bytes, [...bytes.keys()]) : cut(bytes, places);
        expect(await gathered(model, mode, parts)).toEqual(whole);
        expect(whole.stopReason).toBe('end_turn');
        const text = whole.content.map((block) => (block.type === 'text' ? block.text : '')).join('');
        expect(text.trim()).toBe(texts.join('').trim());
      }),
      { numRuns: 4 },
    );
  });
});

it('has models in the catalogue for every format', () => {
  const formats = new Set(loadCatalogue().models.map(({ nativeFormat: name }) => name));
  for (const { format } of fixtures) expect(formats).toContain(format);
});
