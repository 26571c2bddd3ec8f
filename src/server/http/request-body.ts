import type { IncomingMessage, ServerResponse } from 'node:http';
import type { JSONRPCMessage } from '@modelcontextprotocol/sdk/types.js';
import { ErrorCode } from '@modelcontextprotocol/sdk/types.js';
import type { Clock } from '../../core/clock.js';
import { parseJson, parseMessage, rpcError } from '../json-rpc.js';
import { rpcCodes, sendRpcError } from './replies.js';

const maxBatch = 20;
const lingerMs = 1_000;

export interface BodyOptions {
  readonly maxBodyBytes: number;
  readonly clock: Clock;
}

/** Undefined when the body is larger than allowed; nothing beyond the limit is kept. */
async function readBytes(request: IncomingMessage, maxBytes: number): Promise<Buffer | undefined> {
  if (Number(request.headers['content-length'] ?? 0) > maxBytes) return undefined;
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > maxBytes) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/**
 * Answers before the body was read. A client still sending must find the answer before its connection breaks, so what
 * it sends is thrown away for a moment before the connection ends.
 */
async function refuseLargeBody(
  request: IncomingMessage,
  response: ServerResponse,
  options: BodyOptions,
): Promise<void> {
  const announced = request.headers['content-length'];
  const given = announced === undefined ? '' : ` of ${announced} bytes`;
  const message = `The request body${given} is larger than ${options.maxBodyBytes} bytes (BEDROCK_HTTP_MAX_BODY_BYTES). Send less, such as smaller pictures, or have the operator allow more.`;
  const text = JSON.stringify(rpcError({ code: rpcCodes.refused, message }));
  response.writeHead(413, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(text),
    connection: 'close',
  });
  response.write(text);
  const gone = new AbortController();
  for (const event of ['end', 'close', 'error']) request.once(event, () => gone.abort());
  request.resume();
  await options.clock.sleep(lingerMs, gone.signal).catch(() => undefined);
  response.end();
}

function isJson(request: IncomingMessage): boolean {
  const type = request.headers['content-type']?.split(';', 1)[0]?.trim().toLowerCase();
  return type === 'application/json';
}

/** The posted JSON; undefined when the request was answered with what is wrong with it. */
export async function readJson(
  request: IncomingMessage,
  response: ServerResponse,
  options: BodyOptions,
): Promise<unknown> {
  if (!isJson(request)) {
    sendRpcError(response, 415, 'The content type must be application/json.', undefined, { connection: 'close' });
    return undefined;
  }
  if ((request.headers['content-encoding'] ?? 'identity') !== 'identity') {
    sendRpcError(response, 415, 'Compressed bodies are not accepted.', undefined, { connection: 'close' });
    return undefined;
  }
  const bytes = await readBytes(request, options.maxBodyBytes);
  if (!bytes) {
    await refuseLargeBody(request, response, options);
    return undefined;
  }
  const json = parseJson(bytes);
  if (json.ok) return json.value;
  sendRpcError(response, 400, json.problem.message, json.problem.code);
  return undefined;
}

export interface PostedMessages {
  readonly messages: readonly JSONRPCMessage[];
  readonly isBatch: boolean;
}

/** Posted JSON as JSON-RPC messages; undefined when the request was answered with what is wrong with it. */
export function toMessages(json: unknown, response: ServerResponse): PostedMessages | undefined {
  const entries: unknown[] = Array.isArray(json) ? json : [json];
  if (entries.length === 0 || entries.length > maxBatch) {
    sendRpcError(response, 400, `A batch holds 1 to ${maxBatch} messages.`, ErrorCode.InvalidRequest);
    return undefined;
  }
  const messages: JSONRPCMessage[] = [];
  for (const entry of entries) {
    const message = parseMessage(entry);
    if (!message.ok) {
      sendRpcError(response, 400, message.problem.message, message.problem.code);
      return undefined;
    }
    messages.push(message.value);
  }
  return { messages, isBatch: Array.isArray(json) };
}
