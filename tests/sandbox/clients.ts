import { BedrockClient } from '@aws-sdk/client-bedrock';
import { BedrockRuntimeClient, type BedrockRuntimeClientConfig } from '@aws-sdk/client-bedrock-runtime';
import { NodeHttp2Handler, NodeHttpHandler } from '@smithy/node-http-handler';
import { sandboxCredentials } from '../../src/sandbox/sandbox.js';

export const handlers = {
  'HTTP/1.1': () => new NodeHttpHandler({ connectionTimeout: 2_000, requestTimeout: 8_000 }),
  'HTTP/2': () => new NodeHttp2Handler({ requestTimeout: 8_000 }),
} as const;
export type HandlerName = keyof typeof handlers;

/** The SDK's own client with nothing of ours in between, and no retries that would hide a fault. */
export function runtimeClient(
  url: string,
  handler: HandlerName = 'HTTP/1.1',
  overrides: Partial<BedrockRuntimeClientConfig> = {},
): BedrockRuntimeClient {
  return new BedrockRuntimeClient({
    endpoint: url,
    region: 'us-east-1',
    maxAttempts: 1,
    credentials: sandboxCredentials,
    requestHandler: handlers[handler](),
    ...overrides,
  });
}

export function controlClient(url: string, handler: HandlerName = 'HTTP/1.1', region = 'us-east-1'): BedrockClient {
  return new BedrockClient({
    endpoint: url,
    region,
    maxAttempts: 1,
    credentials: sandboxCredentials,
    requestHandler: handlers[handler](),
  });
}

export const userText = (text: string) => [{ role: 'user' as const, content: [{ text }] }];

/** What a model or the SDK answered, whose shape is what the test is about. */
export type Json = ReturnType<typeof JSON.parse>;
