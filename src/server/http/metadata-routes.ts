import type { IncomingMessage } from 'node:http';
import { scopes } from '../../core/pipeline.js';
import type { Authentication } from '../auth/authentication.js';
import { scopePrefix } from '../auth/token-issuer.js';
import { sendJson } from './replies.js';
import type { Routes } from './route.js';

const path = '/.well-known/oauth-protected-resource';
/** Clients look under the path of the resource first, some only at the root. */
const paths = [path, `${path}/mcp`];

export const isMetadataPath = (pathname: string): boolean => paths.includes(pathname);

/** Behind a proxy only the operator knows the address; without one the Host header, which was checked, is right. */
const baseUrl = ({ headers: { host } }: IncomingMessage, publicUrl: string | undefined): string =>
  publicUrl?.replace(/\/$/, '') ?? `http://${host}`;

export const metadataUrl = (request: IncomingMessage, publicUrl: string | undefined): string =>
  `${baseUrl(request, publicUrl)}${path}/mcp`;

export interface MetadataRouteOptions {
  readonly authentication?: Authentication;
  readonly publicUrl?: string;
}

/** Tells clients where tokens for this server come from (RFC 9728). API keys come from the operator: nothing to tell. */
export function metadataRoutes({ authentication, publicUrl }: MetadataRouteOptions): Routes {
  const { issuers = [] } = authentication ?? {};
  if (issuers.length === 0) return {};
  const methods: Routes[string] = {
    GET: async (request, response) =>
      sendJson(response, 200, {
        resource: `${baseUrl(request, publicUrl)}/mcp`,
        authorization_servers: issuers,
        scopes_supported: scopes.map((scope) => `${scopePrefix}${scope}`),
        bearer_methods_supported: ['header'],
        resource_name: 'kairos-bedrock-mcp',
      }),
  };
  return Object.fromEntries(paths.map((known) => [known, methods]));
}
