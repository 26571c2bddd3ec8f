import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Clock } from '../../core/clock.js';
import { type Caller, hasScope, type Scope } from '../../core/pipeline.js';
import type { Logger } from '../../core/ports.js';
import type { Authentication } from '../auth/authentication.js';
import { challenge, type Denial, statusOf } from '../auth/challenge.js';
import { createFailedAttempts } from '../auth/failed-attempts.js';
import type { ToolSurface } from '../surface.js';
import { isMetadataPath, metadataUrl } from './metadata-routes.js';
import { sendRpcError } from './replies.js';

export interface AccessOptions {
  /** Absent: everybody who reaches the server is `caller`. */
  readonly authentication?: Authentication;
  readonly caller: Caller;
  /** Where clients reach the server, when that is not what their Host header says. */
  readonly publicUrl?: string;
  readonly tools: Pick<ToolSurface, 'missingScope'>;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Who may do what over HTTP. */
export interface Access {
  /** False when the request was refused and answered. */
  admit(request: IncomingMessage, response: ServerResponse, url: URL): Promise<boolean>;
  /** Who sent a request that was admitted. */
  callerOf(request: IncomingMessage): Caller;
  /** False when the posted JSON calls a tool beyond the scopes of its sender, and was refused and answered. */
  admitCalls(request: IncomingMessage, response: ServerResponse, posted: unknown): boolean;
}

/** What a load balancer asks, and what a client has to read before it can have a token. */
const openPaths = new Set(['/livez', '/readyz']);
/** Tells of the server as a whole. */
const scopeOfPath: Readonly<Record<string, Scope>> = { '/health': 'read', '/metrics': 'read' };

function bearerToken({ headers: { authorization } }: IncomingMessage): string | undefined {
  return /^Bearer +([\w.~+/=-]+)$/i.exec(authorization ?? '')?.[1];
}

/** Tokens in URLs end up in logs and histories, so one is refused even if it is valid (RFC 9700, section 4.3.2). */
const tokenInUrl: Denial = {
  error: 'invalid_request',
  message: 'Send the token in the Authorization header, never in the URL.',
};
const nobody: Denial = { message: 'This server needs an API key or token: Authorization: Bearer ….' };
const unknown: Denial = {
  error: 'invalid_token',
  message: 'The API key or token is unknown, expired or not for this server.',
};

const tooOften = (waitMs: number): Denial => ({
  waitMs,
  message: 'Too many wrong API keys or tokens came from this address: wait, and check the one that is configured.',
});

const lacking = (scope: Scope): Denial => ({
  error: 'insufficient_scope',
  message: `This needs the scope ${scope}.`,
  scope,
});

function deniedTo(caller: Caller, path: string): Denial | undefined {
  const scope = Object.hasOwn(scopeOfPath, path) ? scopeOfPath[path] : undefined;
  if (scope && !hasScope(caller, scope)) return lacking(scope);
  return caller.scopes?.length === 0 ? lacking('read') : undefined;
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null;

/** Names of the tools that a message, or a batch of them, calls. What is no call is somebody else's to refuse. */
function calledTools(posted: unknown): readonly string[] {
  const messages: readonly unknown[] = Array.isArray(posted) ? posted : [posted];
  return messages.flatMap((message) => {
    if (!isObject(message) || message['method'] !== 'tools/call' || !isObject(message['params'])) return [];
    const { name } = message['params'];
    return typeof name === 'string' ? [name] : [];
  });
}

export function createAccess(options: AccessOptions & { readonly maxFailedAttempts: number }): Access {
  const { authentication, caller, publicUrl, tools, clock, logger, maxFailedAttempts } = options;
  const failedAttempts = createFailedAttempts({ clock, perMinute: maxFailedAttempts });
  const callers = new WeakMap<IncomingMessage, Caller>();

  function deny(request: IncomingMessage, response: ServerResponse, denial: Denial): void {
    const hasMetadata = authentication !== undefined && authentication.issuers.length > 0;
    const where = hasMetadata ? metadataUrl(request, publicUrl) : undefined;
    sendRpcError(response, statusOf(denial), denial.message, undefined, {
      'www-authenticate': challenge(denial, where),
      ...(denial.waitMs !== undefined && { 'retry-after': String(Math.ceil(denial.waitMs / 1_000)) }),
      // What it still sends is not read.
      ...(!request.complete && { connection: 'close' }),
    });
  }

  async function identify(required: Authentication, request: IncomingMessage, url: URL): Promise<Caller | Denial> {
    if (url.searchParams.has('access_token')) return tokenInUrl;
    if (request.headers.authorization === undefined) return nobody;
    const token = bearerToken(request);
    const known = token === undefined ? undefined : await required.identify(token);
    return known ? (deniedTo(known, url.pathname) ?? known) : failed(request);
  }

  function failed({ socket: { remoteAddress = '' } }: IncomingMessage): Denial {
    const { waitMs, isFirst } = failedAttempts.note(remoteAddress);
    if (isFirst) {
      const failures = `${maxFailedAttempts} and more in a minute`;
      logger.warn('Wrong API keys or tokens come from an address.', { address: remoteAddress, failures });
    }
    return waitMs === undefined ? unknown : tooOften(waitMs);
  }

  function callerOf(request: IncomingMessage): Caller {
    const known = authentication ? callers.get(request) : caller;
    if (!known) throw new Error('a request was not admitted');
    return known;
  }

  return {
    callerOf,
    admitCalls: (request, response, posted) => {
      const sender = callerOf(request);
      const scope = calledTools(posted).flatMap((name) => tools.missingScope(name, sender) ?? [])[0];
      if (scope) deny(request, response, lacking(scope));
      return scope === undefined;
    },
    admit: async (request, response, url) => {
      if (!authentication || openPaths.has(url.pathname) || isMetadataPath(url.pathname)) return true;
      const found = await identify(authentication, request, url);
      if ('message' in found) {
        deny(request, response, found);
        return false;
      }
      callers.set(request, found);
      return true;
    },
  };
}
