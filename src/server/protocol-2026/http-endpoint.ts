import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createMcpHandler, type McpServer, type Server } from '@modelcontextprotocol/server';
import type { Caller } from '../../core/pipeline.js';
import type { Logger } from '../../core/ports.js';
import { createRunningRequests } from '../running-requests.js';
import type { McpSurface } from '../surface.js';
import { createModernServer, type RunRequest } from './mcp-server.js';

export interface ModernHttpOptions {
  /** Makes the server of one request. */
  readonly serverFor: (caller: Caller, run: RunRequest, method: string | undefined) => Server | McpServer;
  readonly logger: Logger;
}

/** Answers posts of the later era, each for itself. */
export interface ModernHttpEndpoint {
  /** `body` is the posted JSON. The client cancels by leaving. */
  handle(request: IncomingMessage, response: ServerResponse, body: unknown, caller: Caller): Promise<void>;
  /** Resolves as soon as no request runs. */
  idle(): Promise<void>;
  /** Aborts what runs and ends the streams of subscribers. */
  close(): Promise<void>;
}

/** Without its body, which was read and parsed before. */
function toWebRequest({ url = '/', headers }: IncomingMessage, signal: AbortSignal): Request {
  const copied = new Headers();
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined) copied.set(name, Array.isArray(value) ? value.join(', ') : value);
  }
  return new Request(new URL(url, 'http://localhost'), { method: 'POST', headers: copied, signal });
}

function methodOf(body: unknown): string | undefined {
  const method = typeof body === 'object' && body !== null && 'method' in body ? body.method : undefined;
  return typeof method === 'string' ? method : undefined;
}

async function sendAnswer(answer: Response, response: ServerResponse): Promise<void> {
  if (response.destroyed) return;
  response.writeHead(answer.status, { ...Object.fromEntries(answer.headers), 'x-content-type-options': 'nosniff' });
  if (answer.headers.get('content-type') !== 'text/event-stream' || !answer.body) {
    response.end(await answer.text());
    return;
  }
  // A client that leaves ends its call that way, which is no failure here.
  await pipeline(Readable.fromWeb(answer.body), response).catch(() => undefined);
}

/** The endpoint over what a client can see. */
export function serveModernHttp({ surface, logger }: { surface: McpSurface; logger: Logger }): ModernHttpEndpoint {
  return createModernHttpEndpoint({
    serverFor: (caller, run, method) => createModernServer({ surface, caller, run, method }),
    logger,
  });
}

export function createModernHttpEndpoint({ serverFor, logger }: ModernHttpOptions): ModernHttpEndpoint {
  const requests = createRunningRequests();
  const asking = new WeakMap<Request, { caller: Caller; method: string | undefined }>();
  let started = 0;
  const handler = createMcpHandler(
    ({ requestInfo }) => {
      const known = requestInfo && asking.get(requestInfo);
      if (!known) throw new Error('a request came without its caller');
      // Ids belong to the client here, and say nothing of the requests of others.
      return serverFor(known.caller, (_id, closed, work) => requests.run(++started, closed, work), known.method);
    },
    { legacy: 'reject', onerror: (error) => logger.debug('The MCP endpoint reported a problem.', { error }) },
  );
  return {
    handle: async (request, response, body, caller) => {
      const leaving = new AbortController();
      response.once('close', () => leaving.abort());
      const asked = toWebRequest(request, leaving.signal);
      asking.set(asked, { caller, method: methodOf(body) });
      await sendAnswer(await handler.fetch(asked, { parsedBody: body }), response);
    },
    idle: requests.idle,
    close: handler.close,
  };
}
