import type { Message, ModelRequest } from '../core/request.js';
import { hashText, mix } from './seeded-draws.js';

/** Hashes by which requests of one conversation, and the same request asked again, are known. Keyed: no text can be
 * guessed from them without the seed, which lives as long as the process. */
export interface ConversationKeys {
  readonly conversation: number;
  readonly fingerprint: number;
}

const hashedCharacters = 4_096;

/** Time does not grow with the text beyond a bound: head and length tell conversations apart well enough. */
export function conversationKeys(
  { messages, system, tools }: Pick<ModelRequest, 'messages' | 'system' | 'tools'>,
  caller: string,
  seed: number,
): ConversationKeys {
  let conversation = hashText(caller, seed);
  conversation = mix(conversation, hashText(system ?? '', seed, hashedCharacters));
  for (const { name } of tools ?? []) conversation = mix(conversation, hashText(name, seed));
  conversation = mix(conversation, hashMessage(messages[0], seed));
  const fingerprint = mix(mix(conversation, messages.length), hashMessage(messages.at(-1), seed));
  return { conversation, fingerprint };
}

function hashMessage(message: Message | undefined, seed: number): number {
  const content = message?.content ?? '';
  if (typeof content === 'string') return hashEnds(content, seed);
  let hash = seed;
  for (const block of content) {
    const text = block.type === 'text' ? block.text : 'data' in block ? block.data : block.type;
    hash = mix(hash, hashEnds(text, seed));
  }
  return hash;
}

function hashEnds(text: string, seed: number): number {
  const head = hashText(text, seed, hashedCharacters);
  return text.length > hashedCharacters ? mix(head, hashText(text.slice(-hashedCharacters), seed)) : head;
}
