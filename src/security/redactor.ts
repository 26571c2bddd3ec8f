import { types } from 'node:util';
import { escapeText } from './escape-text.js';
import { redactText } from './redact-text.js';

/** Turns any value into plain data that is safe to write to a log: JSON types only, bounded, without secrets. */
export type Redact = (value: unknown) => unknown;

const mask = '[redacted]';
const maxDepth = 8;
const maxEntries = 100;
const maxNodes = 2_000;
const maxTextCharacters = 8_192;
/** How far a text is searched; the end of a longer one is dropped, because a secret may be cut in two there. */
const maxScannedCharacters = 65_536;
const cutMargin = 8_192;
const shortestSecret = 6;
const longestRemembered = 64;
const mostRemembered = 2_000;

const secretKeys = new Set([
  'authorization',
  'proxyauthorization',
  'cookie',
  'setcookie',
  'accesskeyid',
  'secretaccesskey',
  'accesskey',
  'secretkey',
  'privatekey',
  'passwd',
  'passphrase',
  'credential',
  'credentials',
  'xamzsignature',
]);
const secretEndings = ['password', 'secret', 'apikey', 'token', 'accesskeyid', 'secretaccesskey'];

const verdicts = new Map<string, boolean>();

function isSecretKey(key: string): boolean {
  const known = verdicts.get(key);
  if (known !== undefined) return known;
  const verdict = saysSecret(key);
  if (verdicts.size >= mostRemembered) verdicts.clear();
  if (key.length <= longestRemembered) verdicts.set(key, verdict);
  return verdict;
}

function saysSecret(key: string): boolean {
  const plain = key
    .slice(0, 128)
    .replace(/[^a-z0-9]/gi, '')
    .toLowerCase();
  return secretKeys.has(plain) || secretEndings.some((ending) => plain.endsWith(ending));
}

/** `secrets`: values known to be secret, whatever they look like; those under 6 characters would hit common words. */
export function createRedactor(secrets: readonly string[]): Redact {
  const known = secrets.filter((secret) => secret.length >= shortestSecret).sort((a, b) => b.length - a.length);
  const search = (text: string) =>
    escapeText(redactText(known.reduce((kept, secret) => kept.replaceAll(secret, mask), text)));
  const harmless = new Set<string>();
  /** Names of fields, models and outcomes come again in every line: what is short and was found harmless stays so. */
  const withoutSecrets = (text: string): string => {
    if (text.length > longestRemembered) return search(text);
    if (harmless.has(text)) return text;
    const found = search(text);
    if (harmless.size >= mostRemembered) harmless.clear();
    if (found === text) harmless.add(text);
    return found;
  };
  return (value) => redactValue(value, 0, { nodes: 0, withoutSecrets });
}

interface Run {
  nodes: number;
  readonly withoutSecrets: (text: string) => string;
}

function redactString(text: string, { withoutSecrets }: Run): string {
  const isCut = text.length > maxScannedCharacters;
  const scanned = withoutSecrets(isCut ? text.slice(0, maxScannedCharacters) : text);
  const whole = isCut ? scanned.slice(0, -cutMargin) : scanned;
  if (!isCut && whole.length <= maxTextCharacters) return whole;
  return `${whole.slice(0, maxTextCharacters)}… (${text.length} characters)`;
}

function redactValue(value: unknown, depth: number, run: Run): unknown {
  run.nodes += 1;
  if (run.nodes > maxNodes) return '[…]';
  switch (typeof value) {
    case 'string':
      return redactString(value, run);
    case 'number':
      return Number.isFinite(value) ? value : String(value);
    case 'boolean':
    case 'undefined':
      return value;
    case 'object':
      return value === null ? null : redactObject(value, depth, run);
    case 'bigint':
      return String(value);
    default:
      return `[${typeof value}]`;
  }
}

function redactObject(value: object, depth: number, run: Run): unknown {
  if (depth >= maxDepth) return '[…]';
  try {
    if (value instanceof Date) return Number.isNaN(value.getTime()) ? 'Invalid Date' : value.toISOString();
    if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
    if (value instanceof Error || types.isNativeError(value)) {
      return redactFields({ name: value.name, message: value.message }, depth, run);
    }
    if (value instanceof Map || value instanceof Set) return `[${value.size} entries]`;
    return Array.isArray(value) ? redactItems(value, depth, run) : redactFields(value, depth, run);
  } catch {
    return '[unreadable]';
  }
}

function redactItems(items: readonly unknown[], depth: number, run: Run): unknown[] {
  const kept = items.slice(0, maxEntries).map((item) => redactValue(item, depth + 1, run));
  return items.length > maxEntries ? [...kept, `… ${items.length - maxEntries} more`] : kept;
}

/** The first entries; a getter that throws costs only its own value. */
function redactFields(value: object, depth: number, run: Run): Record<string, unknown> {
  const keys = Object.keys(value);
  const kept: Record<string, unknown> = {};
  for (const key of keys.length > maxEntries ? keys.slice(0, maxEntries) : keys) {
    redactField(kept, key, fieldOf(value, key), depth, run);
  }
  if (keys.length > maxEntries) kept['…'] = `${keys.length - maxEntries} more`;
  return kept;
}

function fieldOf(value: object, key: string): unknown {
  try {
    return Reflect.get(value, key);
  } catch {
    return '[unreadable]';
  }
}

function redactField(to: Record<string, unknown>, key: string, value: unknown, depth: number, run: Run): void {
  const name = redactString(key.slice(0, 128), run);
  const plain = isSecretKey(key) && isWorthHiding(value) ? mask : redactValue(value, depth + 1, run);
  // Assigned, this one name would change what the object is.
  if (name !== '__proto__') to[name] = plain;
  else Object.defineProperty(to, name, { value: plain, enumerable: true, writable: true, configurable: true });
}

/** Whether a token was given is no secret, and `false` helps who reads the log. */
const isWorthHiding = (value: unknown) => value !== undefined && value !== null && typeof value !== 'boolean';
