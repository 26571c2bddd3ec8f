import type { Scope } from '../../core/pipeline.js';
import { scopePrefix } from './token-issuer.js';

/** Why a request is not served (RFC 6750, section 3.1). */
export interface Denial {
  readonly error?: 'invalid_request' | 'invalid_token' | 'insufficient_scope';
  /** It came too often. */
  readonly waitMs?: number;
  readonly message: string;
  /** What the request needs. */
  readonly scope?: Scope;
}

export function statusOf({ error, waitMs }: Denial): number {
  if (waitMs !== undefined) return 429;
  return error === 'insufficient_scope' ? 403 : error === 'invalid_request' ? 400 : 401;
}

/** The WWW-Authenticate header: where a client finds who gives out tokens (RFC 9728, section 5.1) and what to ask for. */
export function challenge({ error, message, scope }: Denial, metadataUrl: string | undefined): string {
  const parts = [
    ['realm', 'kairos-bedrock-mcp'],
    ['error', error],
    ['error_description', error && message],
    ['scope', scope && `${scopePrefix}${scope}`],
    ['resource_metadata', metadataUrl],
  ];
  return `Bearer ${parts.flatMap(([name, value]) => (value === undefined ? [] : `${name}="${value}"`)).join(', ')}`;
}
