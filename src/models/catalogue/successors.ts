import type { Model } from '../../core/model.js';

/** Who takes over where AWS names nobody, or names only models that are gone as well; by family, the best first. */
const heirsByFamily: Readonly<Record<string, readonly string[]>> = {
  jurassic2: ['anthropic.claude-opus-5-5', 'anthropic.claude-opus-4-8', 'openai.gpt-oss-120b-1:0', 'deepseek.v3.2'],
  jamba: ['anthropic.claude-opus-5-5', 'anthropic.claude-opus-4-8', 'openai.gpt-oss-120b-1:0', 'deepseek.v3.2'],
  'titan-text': ['amazon.nova-micro-v1:0', 'amazon.nova-lite-v1:0', 'amazon.nova-2-lite-v1:0'],
  'cohere-command': ['amazon.nova-2-lite-v1:0', 'amazon.nova-lite-v1:0', 'mistral.mistral-large-3-675b-instruct'],
  'cohere-command-r': ['amazon.nova-2-lite-v1:0', 'amazon.nova-lite-v1:0', 'mistral.mistral-large-3-675b-instruct'],
};

type FindModel = (id: string) => Model | undefined;

/** No call of it can succeed any more. */
export function isRetired(model: Model): boolean {
  return model.lifecycle.status === 'EOL' || model.callable === false;
}

/** New callers can use it, and this server's endpoint serves it. */
function isLiving(model: Model): boolean {
  return model.lifecycle.status === 'ACTIVE' && model.callable === true && model.endpoint === undefined;
}

/** A successor as the catalogue writes it may carry a remark: `ai21.jamba-instruct-v1:0 (EOL 2025-08-01)`. */
function namedSuccessors(model: Model): readonly string[] {
  const names = model.lifecycle.successors ?? [];
  return names.map((name) => name.split(' ', 1)[0] ?? name).toReversed();
}

/**
 * Living models that can stand in for a retired one, the preferred first: what AWS names (newest first, following
 * chains of retired successors), then our own choice for the family.
 */
export function livingSuccessors(model: Model, find: FindModel): readonly Model[] {
  const found = new Map<string, Model>();
  const seen = new Set([model.id]);
  const queue = [...namedSuccessors(model)];
  for (let id = queue.shift(); id !== undefined; id = queue.shift()) {
    const next = seen.has(id) ? undefined : find(id);
    seen.add(id);
    if (next === undefined) continue;
    if (isLiving(next)) found.set(id, next);
    else queue.push(...namedSuccessors(next));
  }
  for (const id of heirsByFamily[model.family] ?? []) {
    const heir = find(id);
    if (heir && isLiving(heir)) found.set(id, heir);
  }
  return [...found.values()].filter((heir) => heir.kind === model.kind);
}
