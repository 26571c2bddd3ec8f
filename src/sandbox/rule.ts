import type { Model } from '../core/model.js';
import type { Refusal } from './aws-error.js';
import type { Block, ConverseBody, Message } from './converse-body.js';

export interface RuleInput {
  readonly model: Model;
  readonly body: ConverseBody;
  readonly streaming: boolean;
  /** The request came in the model's own format, which has no place for some mistakes and takes what Converse does not. */
  readonly native: boolean;
}

/** Answers the refusal, or nothing when it has no objection. */
export type Rule = (input: RuleInput) => Refusal | undefined;

export interface PlacedBlock {
  readonly block: Block;
  readonly message: Message;
  /** As AWS names places: `messages.0.content.1`. */
  readonly path: string;
}

export function placedBlocks(body: ConverseBody): readonly PlacedBlock[] {
  return body.messages.flatMap((message, turn) =>
    message.content.map((block, index) => ({ block, message, path: `messages.${turn}.content.${index}` })),
  );
}

export const isClaude = ({ id }: Model): boolean => id.startsWith('anthropic.');
