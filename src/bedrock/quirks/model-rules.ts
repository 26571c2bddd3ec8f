import type { ThinkingTags } from '../families/thinking-tags.js';

/*
 * What single models ask of a conversation, or do in an answer, beyond those that hold for all. A quirk of a family is a row here,
 * never an `if` elsewhere; rows that match are taken together.
 */

export interface ModelRules {
  /** The first turn may be the assistant's. */
  readonly mayStartWithAssistant?: boolean;
  /** Kinds of content that must not stand in a turn beside tool results. */
  readonly notBesideResults?: readonly BesideResults[];
  /** The only form of a tool call's id. */
  readonly toolIds?: RegExp;
  /** Tool results go without a status; that it failed is said in the text. */
  readonly noResultStatus?: boolean;
  /** Tool results have to be JSON. */
  readonly jsonResults?: boolean;
  /** The model writes its thinking into the text, between these. */
  readonly thinkingTags?: ThinkingTags;
}

export type BesideResults = 'text' | 'image' | 'document' | 'video' | 'audio';

interface RuleRow extends ModelRules {
  readonly models: RegExp;
}

const everything: readonly BesideResults[] = ['text', 'image', 'document', 'video', 'audio'];

const rows: readonly RuleRow[] = [
  { models: /^(anthropic|qwen|moonshot|moonshotai|zai)\./, mayStartWithAssistant: true },
  { models: /^(meta|mistral|writer)\./, notBesideResults: everything },
  { models: /^anthropic\./, notBesideResults: ['document', 'video'] },
  { models: /^mistral\./, toolIds: /^[a-zA-Z0-9]{9}$/, jsonResults: true },
  { models: /^writer\./, noResultStatus: true },
  {
    models: /^amazon\.nova-(micro|lite|pro|premier)-/,
    thinkingTags: { open: '<thinking>', close: '</thinking>' },
  },
];

const remembered = new Map<string, ModelRules>();
/** Ids come from callers too, so that the memory has to have an end. */
const mostRemembered = 1_000;

/** The rules of a model, by its base id. */
export function rulesOf(model: string): ModelRules {
  const known = remembered.get(model);
  if (known) return known;
  const found = Object.assign({}, ...rows.filter(({ models }) => models.test(model))) as ModelRules;
  if (remembered.size < mostRemembered) remembered.set(model, found);
  return found;
}
