import type { ConnectionWatch } from './connection-watch.js';
import type { ProxyOptions } from './proxy-tunnel.js';
import type { SdkHandler } from './sdk-handler.js';

/** How this server talks to AWS. All limits are in milliseconds or bytes. */
export interface ConnectionOptions {
  /** Sockets to one host; further calls wait for a free one. */
  readonly maxSockets: number;
  readonly tlsMinVersion: 'TLSv1.2' | 'TLSv1.3';
  readonly connectionTimeoutMs: number;
  /** A socket on which nothing moves for so long is closed; a backstop behind the finer limits of each call. */
  readonly socketTimeoutMs: number;
  /** Larger answers are cut off. */
  readonly maxAnswerBytes: number;
  /** A connection without a call is closed after so long. */
  readonly keepAliveMs: number;
  /** AWS's FIPS endpoints, and those with IPv6; neither together with an endpoint of one's own. */
  readonly fips?: boolean;
  readonly dualStack?: boolean;
  /** For https endpoints; endpoints in the clear are inside a network and reached directly. */
  readonly proxy?: ProxyOptions;
  /** Answers need not be of a type that Bedrock sends. */
  readonly anyType?: boolean;
  /** Is told of every pool and of the time in every answer. */
  readonly watch?: ConnectionWatch;
}

export const connectionDefaults: ConnectionOptions = {
  maxSockets: 50,
  tlsMinVersion: 'TLSv1.3',
  connectionTimeoutMs: 3_000,
  socketTimeoutMs: 900_000,
  maxAnswerBytes: 8_000_000,
  keepAliveMs: 300_000,
};

/** A handler that takes any type of answer, as STS and SSO need it. Loads the SDK's part only when it is called. */
export async function openSdkHandler(connection: Partial<ConnectionOptions>): Promise<SdkHandler> {
  const { createSdkHandler } = await import('./sdk-handler.js');
  return createSdkHandler({ ...connectionDefaults, ...connection, anyType: true });
}
