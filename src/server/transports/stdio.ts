import type { Readable, Writable } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import type { Clock } from '../../core/clock.js';
import type { Caller } from '../../core/pipeline.js';
import type { McpConnector } from '../protocol-2025/mcp-connection.js';
import { createEraSwitch, type OpenPeers } from './era-switch.js';
import { createStdioTransport } from './stdio-transport.js';

/** A prompt of 30 MB with its escapes still fits, so that the tool can answer what is wrong with it. */
const defaultMaxLineBytes = 40 * 1024 * 1024;

export interface StdioServerOptions {
  readonly connector: McpConnector;
  /** Loads and connects the later era, for a client whose first message is of it. */
  readonly connectModern: OpenPeers['2026'];
  readonly caller: Caller;
  readonly input: Readable;
  readonly output: Writable;
  readonly clock: Clock;
  /** How long running calls may take to end after the input has ended, milliseconds. */
  readonly drainMs: number;
  readonly maxLineBytes?: number;
}

export interface StdioServer {
  /** Resolves when the client is gone and its calls have ended or were aborted. */
  readonly closed: Promise<void>;
  /** Waits for running calls up to `drainMs`, then aborts them. */
  close(): Promise<void>;
}

async function connectEarlier(connector: McpConnector, caller: Caller, transport: Transport) {
  const connection = connector(caller);
  await connection.connect(transport);
  return connection;
}

/** Serves one client over a pair of streams. */
export async function serveStdio(options: StdioServerOptions): Promise<StdioServer> {
  const {
    connector,
    connectModern,
    caller,
    input,
    output,
    clock,
    drainMs,
    maxLineBytes = defaultMaxLineBytes,
  } = options;
  const transport = createStdioTransport({ input, output, maxLineBytes });
  const closed = new Promise<void>((resolve) => {
    transport.onclose = resolve;
  });
  const client = createEraSwitch(transport, {
    '2025': (channel) => connectEarlier(connector, caller, channel),
    '2026': connectModern,
  });

  async function close(): Promise<void> {
    const enough = new AbortController();
    // A message that came in the last chunk starts its call a few ticks later; its answer leaves a few ticks after it.
    await setImmediate();
    await Promise.race([client.idle(), clock.sleep(drainMs, enough.signal).catch(() => undefined)]);
    enough.abort();
    await setImmediate();
    await transport.close();
  }

  await transport.start();
  input.once('end', () => {
    close().catch(() => undefined);
  });
  return { closed, close };
}
