import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { connect } from 'node:net';
import { SSEClientTransport } from '@modelcontextprotocol/sdk/client/sse.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { systemClock, systemRandom } from '../../../src/core/clock.js';
import { createHttpServer, type HttpServerOptions } from '../../../src/server/http/http-server.js';
import { caller, createFace, newClient } from './face.js';

export type RunningFace = Awaited<ReturnType<typeof startHttp>>;

/** The face on a real socket. */
export async function startHttp(overrides: Partial<HttpServerOptions> = {}) {
  const face = createFace();
  const server = createHttpServer({
    host: '127.0.0.1',
    port: 0,
    connector: face.connector,
    loadModern: face.loadModern,
    caller,
    tools: face.surface.tools,
    service: face.load,
    metrics: async () => ({ contentType: 'text/plain; version=0.0.4', body: 'up 1\n' }),
    logger: face.logger,
    clock: systemClock,
    random: systemRandom,
    ...overrides,
  });
  return { ...face, ...(await server.listen()) };
}

export async function streamableClient(url: string) {
  const client = newClient();
  const transport = new StreamableHTTPClientTransport(new URL('/mcp', url));
  await client.connect(transport);
  return { client, transport };
}

export async function sseClient(url: string) {
  const client = newClient();
  await client.connect(new SSEClientTransport(new URL('/sse', url)));
  return client;
}

export interface Reply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

export interface Call {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Record<string, string>;
  readonly body?: string | Buffer;
}

/** A request as it is, without what fetch adds or forbids. */
export function send(url: string, { method = 'GET', path = '/', headers = {}, body }: Call): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(new URL(url), { method, path, headers, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          text: Buffer.concat(chunks).toString(),
        }),
      );
      response.on('error', reject);
    });
    request.on('error', reject);
    request.end(body);
  });
}

const rpcHeaders = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' };

export function post(url: string, body: string | Buffer | object, headers: Record<string, string> = {}, path = '/mcp') {
  const bytes = typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body);
  return send(url, { method: 'POST', path, headers: { ...rpcHeaders, ...headers }, body: bytes });
}

export const initialize = (protocolVersion = '2025-11-25') => ({
  jsonrpc: '2.0',
  id: 1,
  method: 'initialize',
  params: { protocolVersion, capabilities: {}, clientInfo: { name: 'raw', version: '1' } },
});

/** A request of revision 2026-07-28, which stands alone. */
export function postModern(url: string, method: string, params: object = {}, headers: Record<string, string> = {}) {
  const _meta = {
    'io.modelcontextprotocol/protocolVersion': '2026-07-28',
    'io.modelcontextprotocol/clientInfo': { name: 'raw', version: '1' },
    'io.modelcontextprotocol/clientCapabilities': {},
  };
  const name = 'name' in params ? { 'mcp-name': String(params.name) } : {};
  const asked = { 'mcp-protocol-version': '2026-07-28', 'mcp-method': method, ...name };
  return post(url, { jsonrpc: '2.0', id: 1, method, params: { ...params, _meta } }, { ...asked, ...headers });
}

/** Opens a session by hand and gives its header. */
export async function openSession(
  url: string,
  protocolVersion?: string,
  authorization: Record<string, string> = {},
): Promise<Record<string, string>> {
  const { headers } = await post(url, initialize(protocolVersion), authorization);
  return { 'mcp-session-id': String(headers['mcp-session-id']) };
}

/** Bytes on a socket; resolves with all that comes back until the server closes it. */
export function sendBytes(url: string, bytes: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(Number(new URL(url).port), '127.0.0.1');
    let received = '';
    socket.on('data', (chunk) => {
      received += chunk.toString();
    });
    socket.on('close', () => resolve(received));
    socket.on('error', reject);
    socket.write(bytes);
  });
}
