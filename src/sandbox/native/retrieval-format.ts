import { createHash } from 'node:crypto';
import type { z } from 'zod';
import type { ConverseBody } from '../converse-body.js';
import type { WireFormat } from '../wire-format.js';
import { decoder } from './native-body.js';

/** Words as places in a vector, so that texts that share words have vectors that are alike. */
const placesOf = (text: string, dimensions: number): readonly number[] =>
  (text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? ['']).map(
    (word) => createHash('sha256').update(word).digest().readUInt32BE() % dimensions,
  );

/** A vector of length 1; always the same for the same text. */
export function vectorOf(text: string, dimensions: number): readonly number[] {
  const vector = new Array<number>(dimensions).fill(0);
  for (const place of placesOf(text, dimensions)) vector[place] = (vector[place] ?? 0) + 1;
  const length = Math.hypot(...vector);
  return vector.map((value) => value / length);
}

const scoringDimensions = 256;

/** 0 to 1: how much two texts share. */
export function likeness(left: string, right: string): number {
  const other = vectorOf(right, scoringDimensions);
  return vectorOf(left, scoringDimensions).reduce((sum, value, index) => sum + value * (other[index] ?? 0), 0);
}

/** The texts as a conversation, so that rules and counts are those of every other call. */
const conversationOf = (texts: readonly string[]): ConverseBody => ({
  messages: [{ role: 'user', content: texts.map((text) => ({ text })) }],
  system: [],
  inferenceConfig: { maxTokens: 1 },
});

/** A format whose answer is made of the request itself; so there is one for each call. */
export function retrievalFormat<Schema extends z.ZodType>(
  schema: Schema,
  textsOf: (body: z.output<Schema>) => readonly string[],
  answerOf: (body: z.output<Schema>, inputTokens: number) => object,
): WireFormat {
  let given: { readonly body: z.output<Schema> } | undefined;
  return {
    decode: decoder(schema, (body) => {
      given = { body };
      return conversationOf(textsOf(body));
    }),
    encode: ({ usage }) => (given ? answerOf(given.body, usage.inputTokens) : {}),
  };
}
