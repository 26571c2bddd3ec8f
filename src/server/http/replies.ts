import type { OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { rpcError } from '../json-rpc.js';

/** Codes for refusals that JSON-RPC has no code for; the SDK's client knows the second one. */
export const rpcCodes = { refused: -32_000, sessionNotFound: -32_001, internal: -32_603 } as const;

export function sendJson(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: OutgoingHttpHeaders = {},
): void {
  const text = JSON.stringify(body);
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(text),
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    ...headers,
  });
  response.end(text);
}

/** Every refusal of this server has the shape of a JSON-RPC error, on every route. */
export function sendRpcError(
  response: ServerResponse,
  status: number,
  message: string,
  code: number = rpcCodes.refused,
  headers: OutgoingHttpHeaders = {},
): void {
  sendJson(response, status, rpcError({ code, message }), headers);
}
