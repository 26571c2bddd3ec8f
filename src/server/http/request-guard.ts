import type { IncomingMessage } from 'node:http';
import { isLoopback } from './loopback.js';

export interface GuardOptions {
  /** Host names besides the loopback ones, with or without a port. */
  readonly allowedHosts: readonly string[];
  /** Origins besides the loopback ones, such as `https://app.example`. */
  readonly allowedOrigins: readonly string[];
}

export interface Refusal {
  readonly status: number;
  readonly message: string;
}

const hostHeader = /^(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::\d{1,5})?$/i;

function hostRefusal(request: IncomingMessage, allowed: ReadonlySet<string>): Refusal | undefined {
  const names = request.rawHeaders.filter((_, index) => index % 2 === 0);
  if (names.filter((name) => name.toLowerCase() === 'host').length > 1) {
    return { status: 400, message: 'The request has more than one Host header.' };
  }
  const header = (request.headers.host ?? '').toLowerCase();
  const name = hostHeader.exec(header)?.[1];
  if (name && (isLoopback(name) || allowed.has(name) || allowed.has(header))) return undefined;
  return { status: 403, message: 'The Host header names a host that is not allowed here (BEDROCK_ALLOWED_HOSTS).' };
}

function originRefusal(request: IncomingMessage, allowed: ReadonlySet<string>): Refusal | undefined {
  const { origin } = request.headers;
  if (origin === undefined || allowed.has(origin.toLowerCase())) return undefined;
  const host = /^https?:\/\/(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::\d{1,5})?$/i.exec(origin)?.[1];
  if (host && isLoopback(host)) return undefined;
  return {
    status: 403,
    message: 'The Origin header names an origin that is not allowed here (BEDROCK_ALLOWED_ORIGINS).',
  };
}

/**
 * Keeps web pages away from a server on the user's own machine: a page that rebinds its DNS name shows in Host, a page
 * that calls across origins shows in Origin.
 */
export function createRequestGuard(options: GuardOptions): (request: IncomingMessage) => Refusal | undefined {
  const hosts = new Set(options.allowedHosts.map((host) => host.toLowerCase()));
  const origins = new Set(options.allowedOrigins.map((origin) => origin.toLowerCase().replace(/\/$/, '')));
  return (request) => hostRefusal(request, hosts) ?? originRefusal(request, origins);
}
