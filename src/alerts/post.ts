import { request as plainRequest } from 'node:http';
import { request as encryptedRequest } from 'node:https';
import type { LookupFunction } from 'node:net';

export interface Posted {
  readonly status: number;
  readonly retryAfter?: string;
}

export interface PostOptions {
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly lookup: LookupFunction;
  readonly signal: AbortSignal;
}

/** Posts over a connection of its own and reads no more of the answer than its head. Follows nothing. */
export function post(url: URL, { body, headers, lookup, signal }: PostOptions): Promise<Posted> {
  const request = url.protocol === 'https:' ? encryptedRequest : plainRequest;
  return new Promise((resolve, reject) => {
    const length = String(Buffer.byteLength(body));
    const all = { ...headers, 'content-length': length };
    const sent = request(url, { method: 'POST', headers: all, lookup, signal, agent: false }, (response) => {
      const { statusCode: status = 0, headers: answered } = response;
      const retryAfter = answered['retry-after'];
      resolve({ status, ...(retryAfter !== undefined && { retryAfter }) });
      response.destroy();
    });
    sent.on('error', reject);
    sent.end(body);
  });
}
