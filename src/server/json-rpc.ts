import { isUtf8 } from 'node:buffer';
import {
  ErrorCode,
  type JSONRPCMessage,
  JSONRPCMessageSchema,
  type RequestId,
} from '@modelcontextprotocol/sdk/types.js';

/** Why bytes are no JSON-RPC, as the error to answer with. */
export interface RpcProblem {
  readonly code: number;
  readonly message: string;
}

export type Parsed<Value> =
  | { readonly ok: true; readonly value: Value }
  | { readonly ok: false; readonly problem: RpcProblem };

/** An error answer; `id` null when the request's id could not be read. */
export function rpcError({ code, message }: RpcProblem, id: RequestId | null = null) {
  return { jsonrpc: '2.0', id, error: { code, message } } as const;
}

function refuse(code: number, message: string): { readonly ok: false; readonly problem: RpcProblem } {
  return { ok: false, problem: { code, message } };
}

/** Bytes as JSON. Never tells what the bytes were. */
export function parseJson(bytes: Buffer): Parsed<unknown> {
  if (!isUtf8(bytes)) return refuse(ErrorCode.ParseError, 'The message is not valid UTF-8.');
  try {
    return { ok: true, value: JSON.parse(bytes.toString('utf8')) };
  } catch {
    return refuse(ErrorCode.ParseError, 'The message is not valid JSON.');
  }
}

export function parseMessage(value: unknown): Parsed<JSONRPCMessage> {
  const parsed = JSONRPCMessageSchema.safeParse(value);
  if (parsed.success) return { ok: true, value: parsed.data };
  return refuse(ErrorCode.InvalidRequest, 'The message is not a JSON-RPC 2.0 request, notification or response.');
}

/** The id of something that is no valid message, where it has one, so that its sender learns of the refusal. */
export function salvageId(value: unknown): RequestId | null {
  const id: unknown = typeof value === 'object' && value !== null && 'id' in value ? value.id : null;
  return typeof id === 'string' || Number.isSafeInteger(id) ? (id as RequestId) : null;
}

export function isRequest(
  message: JSONRPCMessage,
): message is Extract<JSONRPCMessage, { method: string; id: RequestId }> {
  return 'method' in message && 'id' in message;
}
