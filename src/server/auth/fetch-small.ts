import { isLoopback } from '../http/loopback.js';

/** Documents of identity providers have a few KB. */
const largestBytes = 256 * 1024;

/** Only over TLS can keys be believed; on this machine nobody stands between. */
export function isTrustworthy(address: string): boolean {
  if (!URL.canParse(address)) return false;
  const { protocol, hostname } = new URL(address);
  return protocol === 'https:' || (protocol === 'http:' && isLoopback(hostname));
}

/**
 * fetch for small documents: follows no redirect and reads no more than it must.
 * @throws Error when the document is too large.
 */
export async function fetchSmall(address: string, init: RequestInit): Promise<Response> {
  const answer = await fetch(address, { ...init, redirect: 'error' });
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of (answer.body ?? []) as AsyncIterable<Uint8Array>) {
    size += chunk.length;
    if (size > largestBytes) throw new Error(`${address} is larger than ${largestBytes} bytes`);
    chunks.push(chunk);
  }
  return new Response(Buffer.concat(chunks), { status: answer.status, headers: answer.headers });
}
