import type { ProtocolEra } from './surface.js';

/** The key by which a request says that it carries all that `initialize` would have settled. */
const versionKey = 'io.modelcontextprotocol/protocolVersion';

/** Revisions of the later era. */
const modernVersions: readonly string[] = ['2026-07-28'];

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;

function claimsModern(message: unknown): boolean {
  if (!isObject(message) || !isObject(message['params'])) return false;
  const { _meta: meta } = message['params'];
  return isObject(meta) && Object.hasOwn(meta, versionKey);
}

/** Of one JSON value as it came, valid or not: what it claims to be decides who answers it. */
export function eraOfMessage(value: unknown): ProtocolEra {
  const messages: readonly unknown[] = Array.isArray(value) ? value : [value];
  return messages.some(claimsModern) ? '2026' : '2025';
}

/** Of a posted body: a header that names a later revision decides too, so that its missing claim gets that era's error. */
export function eraOfPost(versionHeader: string | undefined, body: unknown): ProtocolEra {
  return versionHeader !== undefined && modernVersions.includes(versionHeader) ? '2026' : eraOfMessage(body);
}
