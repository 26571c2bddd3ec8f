import type { Model } from '../core/model.js';
import type { ContentBlock } from '../core/request.js';

export type Reasoning = Extract<ContentBlock, { type: 'reasoning' }>;

const unsigned = 'Reasoning without its signature was left out: a model takes back only what it signed.';
const foreign = 'Reasoning of another model was left out: a model takes back only its own.';

const isSigned = ({ signature, redacted }: Reasoning): boolean => signature !== undefined || redacted !== undefined;

/** Blocks that do not say whose they are count as the model's own. */
const isForeign = (block: Reasoning, model: string): boolean => block.model !== undefined && block.model !== model;

/** Whether the model takes this reasoning back. */
export const mayReplay = (block: Reasoning, model: string): boolean => isSigned(block) && !isForeign(block, model);

/** Why the block cannot go to the model; undefined when it can. */
export function replayProblem(block: Reasoning, target: string, model: Model | undefined): string | undefined {
  if (!isSigned(block)) return unsigned;
  return isForeign(block, target) || model?.reasoning === false ? foreign : undefined;
}
