import { createHash } from 'node:crypto';
import type { ContentBlock, Message, ModelRequest } from '../core/request.js';

/** Part of every key: raised when the canonical form changes, so that old entries are never read by new rules. */
const formVersion = 2;
const tenantDigits = 16;

/**
 * Arguments that cannot change the answer. Everything else is in the key, so that an argument added to the request one
 * day separates answers until somebody decides otherwise.
 */
const withoutEffect = {
  cache: true,
  cache_ttl_seconds: true,
  fallback: true,
  latency: true,
  max_cost_usd: true,
  request_metadata: true,
  service_tier: true,
  timeout_ms: true,
  tags: true,
} as const satisfies Partial<Record<keyof ModelRequest, true>>;

export interface CacheKeyParts {
  readonly tenant: string;
  readonly request: ModelRequest;
  /** Names the rules by which models are chosen; answers of other rules are other answers. */
  readonly policyVersion: string;
  /** What a caller's name for a model stands for, so that all names of a model share answers, and a name that comes to
   * stand for another model does not bring its old answers along. Default: the name itself. */
  readonly canonicalModel?: (name: string) => string;
}

/** How keys, and labels of entries, name a tenant. */
export const tenantName = (tenant: string): string => sha256(tenant).slice(0, tenantDigits);

/** The name of the tenant in a key. */
export const tenantOf = (key: string): string => key.slice(0, tenantDigits);

/** `tenant/question`: SHA-256 (hex) of who asks and of all that can change the answer. The order of fields does not matter. */
export function cacheKey({ tenant, request, policyVersion, canonicalModel = (name) => name }: CacheKeyParts): string {
  const { messages, system, ...rest } = request;
  const model = pinnedModel(request);
  const effective = Object.entries(rest).filter(([name]) => !(name in withoutEffect) && !withoutRouting(model, name));
  const asked = {
    ...Object.fromEntries(effective),
    model: model && canonicalModel(model),
    system: isBlank(system) ? undefined : system,
    messages: messages.map(canonicalMessage),
  };
  const parts = [formVersion, tenant, policyVersion, asked];
  return `${tenantName(tenant)}/${sha256(JSON.stringify(canonical(parts)))}`;
}

const routingHints: ReadonlySet<string> = new Set(['task', 'optimize', 'quality_weight', 'strategy']);

/** With a model named there is nothing to choose, so that hints for the choice have no effect. */
const withoutRouting = (model: string | undefined, name: string): boolean =>
  model !== undefined && routingHints.has(name);

const pinnedModel = ({ model }: ModelRequest): string | undefined => (model === 'auto' ? undefined : model);

/** Blank instructions and blank text are not sent, so that no model can tell; all other white space is. */
const isBlank = (text: string | undefined): boolean => text === undefined || text.trim() === '';

/** Text given as a string or as one text block is sent to the model as the same bytes. */
function canonicalMessage({ role, content }: Message): { role: Message['role']; content: readonly unknown[] } {
  const blocks: readonly ContentBlock[] = typeof content === 'string' ? [{ type: 'text', text: content }] : content;
  return { role, content: blocks.filter((block) => block.type !== 'text' || !isBlank(block.text)).map(canonicalBlock) };
}

/** Attachments stand for themselves by the hash of their content: they can be many megabytes. */
const canonicalBlock = (block: ContentBlock): unknown =>
  'data' in block ? { ...block, data: sha256(Buffer.from(block.data, 'base64')) } : block;

/** Fields sorted, absent ones left out, text in one Unicode form. */
function canonical(value: unknown): unknown {
  if (typeof value === 'string') return value.normalize('NFC');
  if (Array.isArray(value)) return value.map(canonical);
  if (typeof value !== 'object' || value === null) return value;
  const fields = Object.entries(value).filter(([, field]) => field !== undefined);
  // Pairs rather than an object: `__proto__` is a name like any other here, and integer-like names keep their place.
  return {
    fields: fields.toSorted(([left], [right]) => compare(left, right)).map(([name, field]) => [name, canonical(field)]),
  };
}

const compare = (left: string, right: string): number => {
  if (left === right) return 0;
  return left < right ? -1 : 1;
};

const sha256 = (value: string | Buffer): string => createHash('sha256').update(value).digest('hex');
