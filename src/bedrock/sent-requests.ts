import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { ClientRequest } from 'node:http';

/** Knows which requests have left this machine: from then on the service may work on them, and bill them. */
export interface SentRequests {
  /** To be told before a request is handed to Node; returns what is to be called when its answer begins or never will. */
  follow(headers: Readonly<Record<string, string>>, signal: unknown): () => void;
  /** `signal`: the one that ends the request. */
  wasSent(signal: AbortSignal): boolean;
  close(): void;
}

/** The SDK gives each request an id of its own in this header. */
const idHeader = 'amz-sdk-invocation-id';
/** Node tells here of each request whose last byte was written; the SDK hides the request itself. */
const channel = 'http.client.request.start';
const nothing = () => undefined;

export function createSentRequests(): SentRequests {
  const followed = new Map<string, AbortSignal>();
  const sent = new WeakSet<AbortSignal>();

  const onWritten = (message: unknown) => {
    const { request } = message as { readonly request: ClientRequest };
    const signal = followed.get(String(request.getHeader(idHeader)));
    // Written may still mean waiting for the connection; it has finished when the system has taken it.
    if (signal) request.once('finish', () => sent.add(signal));
  };
  subscribe(channel, onWritten);

  return {
    follow: ({ [idHeader]: id }, signal) => {
      if (id === undefined || !(signal instanceof AbortSignal)) return nothing;
      followed.set(id, signal);
      return () => followed.delete(id);
    },
    wasSent: (signal) => sent.has(signal),
    close: () => unsubscribe(channel, onWritten),
  };
}
