import type { Readable, Writable } from 'node:stream';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import { ErrorCode } from '@modelcontextprotocol/sdk/types.js';
import { parseJson, parseMessage, type RpcProblem, rpcError, salvageId } from '../json-rpc.js';
import { createLineReader } from './line-reader.js';
import { createLineWriter } from './line-writer.js';

export interface StdioTransportOptions {
  readonly input: Readable;
  readonly output: Writable;
  readonly maxLineBytes: number;
}

export interface StdioTransport extends Transport {
  /** Reads nothing more until `resume`; what was read already still comes. */
  pause(): void;
  resume(): void;
}

/** The id of a message whose beginning was thrown away, if it stands last, as the common clients write it. */
function lastId(tail: Buffer): unknown {
  const id = /"id"\s*:\s*(-?\d{1,15}|"[^"\\]{1,128}")\s*\}\s*$/.exec(tail.toString('latin1'))?.[1];
  return id === undefined ? null : JSON.parse(id);
}

/**
 * JSON-RPC in lines. In place of the SDK's transport, which ends at a line over its limit and leaves malformed lines
 * unanswered: here both get an error answer and the next line is served.
 */
export function createStdioTransport({ input, output, maxLineBytes }: StdioTransportOptions): StdioTransport {
  let closed = false;
  const lines = createLineWriter(output);

  const write = (message: object): Promise<void> =>
    new Promise((resolve) => {
      if (closed || output.destroyed) resolve();
      else lines.write(`${JSON.stringify(message)}\n`, resolve);
    });
  const refuse = (problem: RpcProblem, value?: unknown): void => {
    write(rpcError(problem, salvageId(value))).catch(() => undefined);
  };
  const accept = (line: Buffer): void => {
    if (line.every((byte) => byte === 0x20 || byte === 0x0d || byte === 0x09)) return;
    const json = parseJson(line);
    const message = json.ok ? parseMessage(json.value) : json;
    if (message.ok) transport.onmessage?.(message.value);
    else refuse(message.problem, json.ok ? json.value : undefined);
  };
  const reader = createLineReader({
    maxLineBytes,
    onLine: accept,
    onTooLong: (tail) => {
      const message = `The message is longer than ${maxLineBytes} bytes.`;
      refuse({ code: ErrorCode.InvalidRequest, message }, { id: lastId(tail) });
    },
  });
  const onFailure = (error: Error): void => {
    transport.onerror?.(error);
    transport.close().catch(() => undefined);
  };

  const transport: StdioTransport = {
    start: async () => {
      input.on('data', reader.push);
      input.on('error', onFailure);
      // A client that went away closes our output first.
      output.on('error', onFailure);
    },
    pause: () => input.pause(),
    resume: () => {
      if (!closed) input.resume();
    },
    send: write,
    close: async () => {
      if (closed) return;
      closed = true;
      lines.flush();
      input.off('data', reader.push);
      input.pause();
      transport.onclose?.();
    },
  };
  return transport;
}
