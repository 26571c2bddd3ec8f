import { ServiceError } from '../core/errors.js';

/** Deeper JSON than this is nobody's tool input or schema, and would exhaust the stack of who walks it. */
const maxDepth = 64;

const loneSurrogate = /\p{Surrogate}/u;
const longestShownPath = 120;

/** Bytes that punctuation around one value takes in JSON: quotes, colon, comma. */
const bytesPerValue = 4;

interface Walk {
  readonly maxBytes: number;
  bytes: number;
}

const invalid = (message: string) => new ServiceError('validation', message);

function checkText(text: string, path: string): void {
  if (text.includes('\0')) throw invalid(`\`${path}\` holds a NUL character.`);
  if (loneSurrogate.test(text))
    throw invalid(`\`${path}\` is not well-formed Unicode: it holds half a surrogate pair.`);
}

function grow(walk: Walk, bytes: number): void {
  walk.bytes += bytes;
  if (walk.bytes <= walk.maxBytes) return;
  throw new ServiceError(
    'validation',
    `The request is larger than the limit of ${walk.maxBytes} bytes (BEDROCK_MAX_REQUEST_BYTES).`,
    { reason: 'input_too_long', remedy: 'Send less text, fewer or smaller attachments, or split the request.' },
  );
}

const below = (path: string, key: string) =>
  path.length + key.length > longestShownPath ? path : `${path}${path === '' ? '' : '.'}${key}`;

function walkChildren(value: object, path: string, depth: number, walk: Walk): void {
  if (depth > maxDepth) throw invalid(`\`${path}\` is nested more than ${maxDepth} levels deep.`);
  if (Array.isArray(value)) {
    value.forEach((item, index) => {
      walkValue(item, `${path}[${index}]`, depth, walk);
    });
    return;
  }
  for (const [key, item] of Object.entries(value)) {
    checkText(key, path);
    grow(walk, Buffer.byteLength(key));
    walkValue(item, below(path, key), depth, walk);
  }
}

function walkValue(value: unknown, path: string, depth: number, walk: Walk): void {
  grow(walk, bytesPerValue);
  if (typeof value === 'string') {
    grow(walk, Buffer.byteLength(value));
    checkText(value, path);
  } else if (typeof value === 'object' && value !== null) {
    walkChildren(value, path, depth + 1, walk);
  }
}

/**
 * Checks every string of the request: well-formed Unicode without NUL, all together within `maxBytes` (UTF-8).
 * @throws ServiceError validation, naming the place or the limit.
 */
export function checkSizeAndText(request: object, maxBytes: number): void {
  walkChildren(request, '', 0, { maxBytes, bytes: 0 });
}
