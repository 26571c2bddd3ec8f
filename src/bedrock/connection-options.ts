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
}

export const connectionDefaults: ConnectionOptions = {
  maxSockets: 50,
  tlsMinVersion: 'TLSv1.3',
  connectionTimeoutMs: 3_000,
  socketTimeoutMs: 900_000,
  maxAnswerBytes: 8_000_000,
};
