import type { ContentBlock, ModelRequest } from './request.js';

/*
 * Tokens without a tokenizer, by kinds of characters. Measured against two published tokenizers (o200k, cl100k) on English,
 * German and French prose, Markdown, TypeScript, JSON, CSV, and short Chinese, Japanese, Korean, Russian and Arabic texts,
 * the estimate was 0 % to 40 % above the true count for most; at worst 20 % below (Arabic, cl100k) and 80 % above
 * (Arabic, o200k). Hindi under the older of the two is the exception: half of the true count. Claude's own tokenizers make
 * more tokens of the same text than these, so the error is meant to lie on the high side, which is what a reservation needs.
 */
const lettersPerToken = 3.5;
/** Tokenizers rarely join signs and digits. */
const signsPerToken = 1.7;
/** Greek, Cyrillic, Hebrew, Arabic, the scripts of India and others, up to the wide ones. */
const otherLettersPerToken = 1.6;
/** Chinese, Japanese, Korean, emoji. */
const wideCharactersPerToken = 0.85;
const tokensPerMessage = 4;
/** The words that ask for an answer in a schema. */
const tokensOfSchemaUse = 30;
const tokensPerImage = 1_600;
/** Documents are billed by their extracted text; a byte of a typical PDF carries far less than one character. */
const documentBytesPerToken = 12;
/** Video and audio are billed by the second; this is what they come to at a low bit rate. */
const mediaBytesPerToken = 128;

/** Estimated tokens of a text, mostly above the true count; 0 for the empty text. */
export function estimateTextTokens(text: string): number {
  let letters = 0;
  let signs = 0;
  let others = 0;
  let wide = 0;
  let afterSpace = false;
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    const isSpace = code === 0x20 || code === 0x0a;
    if (code >= 0x2e80) wide += 1;
    else if (code >= 0x370 && code < 0x2000) others += 1;
    // Indentation of any depth is one token at most.
    else if (isSpace) letters += afterSpace ? 0 : 1;
    else if (isLatinLetter(code)) letters += 1;
    else signs += 1;
    afterSpace = isSpace;
  }
  return Math.ceil(
    letters / lettersPerToken + signs / signsPerToken + others / otherLettersPerToken + wide / wideCharactersPerToken,
  );
}

const isLatinLetter = (code: number): boolean => {
  const lower = code | 0x20;
  return (lower >= 0x61 && lower <= 0x7a) || (code >= 0xc0 && code < 0x370);
};

function estimateBlockTokens(block: ContentBlock): number {
  switch (block.type) {
    case 'text':
      return estimateTextTokens(block.text);
    case 'image':
      return tokensPerImage;
    case 'document':
      return Math.ceil((block.data.length * 3) / 4 / documentBytesPerToken) + tokensPerMessage;
    case 'video':
    case 'audio':
      return Math.ceil((block.data.length * 3) / 4 / mediaBytesPerToken) + tokensPerMessage;
    case 'file':
      // It is read before anything is estimated.
      return 0;
    case 'tool_use':
      return estimateTextTokens(JSON.stringify(block.input)) + estimateTextTokens(block.name);
    case 'tool_result':
      return estimateTextTokens(block.content);
    case 'reasoning':
      return estimateTextTokens(block.text ?? '') + Math.ceil((block.redacted?.length ?? 0) / lettersPerToken);
  }
}

type Estimated = Pick<ModelRequest, 'messages' | 'system' | 'tools' | 'response_schema'>;

/** Estimated input tokens of a request: conversation, system text, tool descriptions and the schema of the answer. */
export function estimateInputTokens(request: Estimated): number {
  const schema = request.response_schema
    ? estimateTextTokens(JSON.stringify(request.response_schema)) + tokensOfSchemaUse
    : 0;
  const tools = schema + (request.tools ? estimateTextTokens(JSON.stringify(request.tools)) : 0);
  const system = request.system ? estimateTextTokens(request.system) + tokensPerMessage : 0;
  return request.messages.reduce((sum, message) => {
    const blocks: readonly ContentBlock[] =
      typeof message.content === 'string' ? [{ type: 'text', text: message.content }] : message.content;
    return blocks.reduce((tokens, block) => tokens + estimateBlockTokens(block), sum + tokensPerMessage);
  }, tools + system);
}
