import { hash } from 'node:crypto';
import type { ContentBlock, Message, ModelRequest } from '../core/request.js';

/** Part of every key: raised when the canonical form changes, so that old entries are never read by new rules. */
const formVersion = 3;
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
  /** A caller who is limited to some models gets no answer of another. Undefined: not limited. */
  readonly allowedModels?: readonly string[];
  /** Names the rules by which models are chosen; answers of other rules are other answers. */
  readonly policyVersion: string;
  /** What a caller's name for a model stands for, so that all names of a model share answers, and a name that comes to
   * stand for another model does not bring its old answers along. Default: the name itself. */
  readonly canonicalModel?: (name: string) => string;
}

const mostTenants = 1_000;
const tenantNames = new Map<string, string>();

/** How keys, and labels of entries, name a tenant. */
export function tenantName(tenant: string): string {
  const known = tenantNames.get(tenant);
  if (known !== undefined) return known;
  if (tenantNames.size >= mostTenants) tenantNames.clear();
  const name = sha256(tenant).slice(0, tenantDigits);
  tenantNames.set(tenant, name);
  return name;
}

/** The name of the tenant in a key. */
export const tenantOf = (key: string): string => key.slice(0, tenantDigits);

/** `tenant/question`: SHA-256 (hex) of who asks and of all that can change the answer. The order of fields does not matter. */
export function cacheKey(key: CacheKeyParts): string {
  const { tenant, request, policyVersion, allowedModels, canonicalModel = (name: string) => name } = key;
  const { messages, system, ...rest } = request;
  const model = pinnedModel(request);
  const effective = Object.entries(rest).filter(([name]) => !(name in withoutEffect) && !withoutRouting(model, name));
  const asked = {
    ...Object.fromEntries(effective),
    model: model && canonicalModel(model),
    system: isBlank(system) ? undefined : system,
    messages: messages.map(canonicalMessage),
  };
  const parts = [formVersion, tenant, policyVersion, asked, ...(allowedModels ? [allowedModels.toSorted()] : [])];
  return `${tenantName(tenant)}/${sha256(canonicalText(parts))}`;
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

/** As JSON with the fields of objects in order, absent ones left out, text in one Unicode form. */
function canonicalText(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.normalize('NFC'));
  if (Array.isArray(value)) return `[${value.map(canonicalText).join()}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  const fields = value as Readonly<Record<string, unknown>>;
  const texts: string[] = [];
  for (const name of Object.keys(fields).sort()) {
    if (fields[name] !== undefined) texts.push(`${JSON.stringify(name)}:${canonicalText(fields[name])}`);
  }
  return `{${texts.join()}}`;
}

const sha256 = (value: string | Buffer): string => hash('sha256', value);
