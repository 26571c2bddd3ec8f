import type { ContentBlock, ModelRequest } from './request.js';

/*
 * Tokens without a tokenizer. Latin text runs at about four characters a token, CJK at about one and a half; rounding
 * up and the fixed parts keep the estimate above the true count for most requests, which is what a reservation needs.
 */
const charactersPerToken = 3.5;
const wideCharactersPerToken = 1.2;
const tokensPerMessage = 4;
/** The words that ask for an answer in a schema. */
const tokensOfSchemaUse = 30;
const tokensPerImage = 1_600;
/** Documents are billed by their extracted text; a byte of a typical PDF carries far less than one character. */
const documentBytesPerToken = 12;

/** Estimated tokens of a text; never below the true count by design for common text, and 0 for the empty text. */
export function estimateTextTokens(text: string): number {
  let wide = 0;
  for (let index = 0; index < text.length; index += 1) {
    if (text.charCodeAt(index) >= 0x2e80) wide += 1;
  }
  return Math.ceil((text.length - wide) / charactersPerToken + wide / wideCharactersPerToken);
}

function estimateBlockTokens(block: ContentBlock): number {
  switch (block.type) {
    case 'text':
      return estimateTextTokens(block.text);
    case 'image':
      return tokensPerImage;
    case 'document':
      return Math.ceil((block.data.length * 3) / 4 / documentBytesPerToken) + tokensPerMessage;
    case 'tool_use':
      return estimateTextTokens(JSON.stringify(block.input)) + estimateTextTokens(block.name);
    case 'tool_result':
      return estimateTextTokens(block.content);
    case 'reasoning':
      return estimateTextTokens(block.text ?? '') + Math.ceil((block.redacted?.length ?? 0) / charactersPerToken);
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
