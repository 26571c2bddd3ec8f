import { z } from 'zod';

/* What a message is made of, as the caller gives it and as an answer returns it. */

/**
 * Looks for a wrong character instead of matching the whole text: a pattern that consumes megabytes keeps a way back for
 * each of them and overflows the stack of the regular expression engine.
 */
function isBase64(value: string): boolean {
  const padding = value.endsWith('==') ? 2 : Number(value.endsWith('='));
  return value.length % 4 === 0 && !/[^A-Za-z0-9+/]/.test(value.slice(0, value.length - padding));
}

const base64 = z
  .string()
  .min(1)
  .refine(
    isBase64,
    'must be standard base64, padded to a multiple of four characters, without line breaks or a data: prefix',
  );

const text = z.strictObject({ type: z.literal('text'), text: z.string() });

export const imageFormats = ['png', 'jpeg', 'gif', 'webp'] as const;
const image = z.strictObject({
  type: z.literal('image'),
  format: z.enum(imageFormats),
  data: base64.describe('The bytes, base64.'),
});

export const documentFormats = ['pdf', 'csv', 'doc', 'docx', 'xls', 'xlsx', 'html', 'txt', 'md'] as const;
const document = z.strictObject({
  type: z.literal('document'),
  format: z.enum(documentFormats),
  name: z.string().min(1).max(200).describe('A neutral name; the model sees it.'),
  data: base64.describe('The bytes, base64.'),
});

export const videoFormats = ['mp4', 'mov', 'mkv', 'webm', 'flv', 'mpeg', 'mpg', 'wmv', 'three_gp'] as const;
const video = z.strictObject({
  type: z.literal('video'),
  format: z.enum(videoFormats),
  data: base64.describe('The bytes, base64.'),
});

export const audioFormats = [
  'mp3',
  'wav',
  'm4a',
  'aac',
  'flac',
  'ogg',
  'opus',
  'webm',
  'mp4',
  'mpeg',
  'mpga',
  'mka',
  'mkv',
  'pcm',
  'x-aac',
] as const;
const audio = z.strictObject({
  type: z.literal('audio'),
  format: z.enum(audioFormats),
  data: base64.describe('The bytes, base64.'),
});

/** Becomes an image, document, video or audio block before anything else looks at the request. */
const file = z.strictObject({
  type: z.literal('file'),
  path: z
    .string()
    .min(1)
    .max(4_096)
    .describe('On the machine of this server, in a directory that its operator allows.'),
  name: z.string().min(1).max(200).optional().describe('A neutral name; the model sees it. Default: that of the file.'),
});
export type FileBlock = z.output<typeof file>;

const toolUse = z.strictObject({
  type: z.literal('tool_use'),
  id: z.string().min(1).max(64),
  name: z.string().min(1).max(128),
  input: z.record(z.string(), z.unknown()),
});

const toolResult = z.strictObject({
  type: z.literal('tool_result'),
  tool_use_id: z.string().min(1).max(64),
  content: z.string().describe('The result as text; JSON results as JSON text.'),
  is_error: z.boolean().optional(),
});

const reasoning = z.strictObject({
  type: z.literal('reasoning'),
  text: z.string().optional(),
  signature: z.string().optional(),
  redacted: base64.optional(),
  model: z.string().max(256).optional().describe('Who thought it; no other model takes it back.'),
});

/**
 * All blocks in one, for those who read the schema before their first call: the exact one is a third of all that they
 * would have to read.
 */
const briefBlock = {
  type: 'object',
  properties: {
    type: { enum: ['text', 'image', 'document', 'video', 'audio', 'file', 'tool_use', 'tool_result', 'reasoning'] },
    text: { type: 'string' },
    format: { type: 'string', description: 'png, pdf, mp4, …' },
    data: { type: 'string', description: 'Base64.' },
    path: { type: 'string', description: 'Of a file that the server may read.' },
    name: { type: 'string' },
    id: { type: 'string' },
    input: { type: 'object' },
    tool_use_id: { type: 'string' },
    content: { type: 'string' },
    is_error: { type: 'boolean' },
  },
  required: ['type'],
};

export const contentBlock = z
  .discriminatedUnion('type', [text, image, document, video, audio, file, toolUse, toolResult, reasoning])
  .meta({ brief: briefBlock });
/** One piece of a message, as the caller gives it and as an answer returns it. */
export type ContentBlock = z.output<typeof contentBlock>;

/** Kinds of blocks that carry bytes. */
export const mediaKinds = ['image', 'document', 'video', 'audio'] as const;
export type MediaKind = (typeof mediaKinds)[number];
export type MediaBlock = Extract<ContentBlock, { type: MediaKind }>;

export const isMedia = (block: ContentBlock): block is MediaBlock => mediaKinds.some((kind) => kind === block.type);
