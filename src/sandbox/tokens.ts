import type { Block, ConverseBody } from './converse-body.js';

/*
 * The sandbox's own idea of a token: four characters. What matters is that the figures add up and depend on nothing
 * but the request; they are not meant to be those of a real tokenizer.
 */
const charactersPerToken = 4;
const tokensPerMessage = 4;
const tokensPerImage = 1_600;
const tokensPerMedia = 3_000;
const base64CharactersPerDocumentToken = 16;

export const textTokens = (text: string): number => Math.ceil(text.length / charactersPerToken);

/** The longest start of `text` that is at most `tokens` tokens. */
export function firstTokens(text: string, tokens: number): string {
  return text.slice(0, tokens * charactersPerToken);
}

export const jsonTokens = (value: unknown): number => textTokens(JSON.stringify(value) ?? '');

export function blockTokens(block: Block): number {
  if (block.text !== undefined) return textTokens(block.text);
  if (block.image) return tokensPerImage;
  if (block.video ?? block.audio) return tokensPerMedia;
  if (block.document) return Math.ceil(JSON.stringify(block.document).length / base64CharactersPerDocumentToken);
  if (block.cachePoint) return 0;
  return jsonTokens(block);
}

/** Input tokens of a conversation with its system text and tools, cached ones included. */
export function inputTokens(body: ConverseBody): number {
  const sum = (blocks: readonly Block[]) => blocks.reduce((total, block) => total + blockTokens(block), 0);
  const tools = body.toolConfig ? jsonTokens(body.toolConfig.tools) : 0;
  const conversation = body.messages.reduce((total, message) => total + tokensPerMessage + sum(message.content), 0);
  return tools + sum(body.system) + conversation;
}
