import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { type Readable, Transform } from 'node:stream';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { ServiceError } from '../core/errors.js';
import type { ConnectionOptions } from './connection-options.js';
import type { PoolFigures } from './connection-watch.js';
import { tunnelThrough } from './proxy-tunnel.js';

export interface SdkHandler {
  handle: NodeHttpHandler['handle'];
  updateHttpClientConfig: NodeHttpHandler['updateHttpClientConfig'];
  httpHandlerConfigs: NodeHttpHandler['httpHandlerConfigs'];
  /** Opens a connection and leaves it in the pool. Never rejects: what is wrong shows at the first call. */
  warm(url: URL): Promise<void>;
  destroy(): void;
}

/** A socket that is kept is asked from this silence on whether its other end still lives, by TCP itself. */
const probeAfterMs = 30_000;
const warmLimitMs = 3_000;

/** HTTP/1.1 with a pool of kept connections; the SDK's own default opens an HTTP/2 session per call, without any limit. */
export function createSdkHandler(options: ConnectionOptions): SdkHandler {
  const pool = {
    keepAlive: true,
    keepAliveMsecs: probeAfterMs,
    timeout: options.keepAliveMs,
    maxSockets: options.maxSockets,
    maxFreeSockets: options.maxSockets,
  };
  const httpAgent = new HttpAgent(pool);
  const httpsAgent = new HttpsAgent({ ...pool, minVersion: options.tlsMinVersion });
  if (options.proxy) tunnelThrough(httpsAgent, options.proxy, options.connectionTimeoutMs);
  const forget = options.watch?.addPool(() => figuresOf([httpAgent, httpsAgent]));
  const handler = new NodeHttpHandler({
    httpAgent,
    httpsAgent,
    connectionTimeout: options.connectionTimeoutMs,
    requestTimeout: options.socketTimeoutMs,
    throwOnRequestTimeout: true,
    socketTimeout: options.socketTimeoutMs,
  });
  return {
    handle: async (request, handling) => {
      if (isBearer(request.headers) && !isSafe(request.protocol, request.hostname)) throw bearerInTheClear();
      const { response } = await handler.handle(request, handling).catch((thrown: unknown) => {
        throw ownError(thrown);
      });
      options.watch?.sawDate(response.headers['date']);
      const body = response.body as Readable;
      if (!options.anyType && !isExpectedType(response.statusCode, request.path, response.headers)) {
        body.destroy();
        throw unexpectedType();
      }
      response.body = limited(body, options.maxAnswerBytes);
      return { response };
    },
    updateHttpClientConfig: (key, value) => handler.updateHttpClientConfig(key, value),
    httpHandlerConfigs: () => handler.httpHandlerConfigs(),
    warm: (url) => openConnection(url, url.protocol === 'https:' ? httpsAgent : httpAgent),
    destroy: () => {
      forget?.();
      httpAgent.destroy();
      httpsAgent.destroy();
    },
  };
}

function figuresOf(agents: readonly HttpAgent[]): PoolFigures {
  const count = (lists: readonly NodeJS.ReadOnlyDict<readonly unknown[]>[]) =>
    lists.flatMap((list) => Object.values(list)).reduce((sum, entries) => sum + (entries?.length ?? 0), 0);
  return {
    busy: count(agents.map((agent) => agent.sockets)),
    idle: count(agents.map((agent) => agent.freeSockets)),
    waiting: count(agents.map((agent) => agent.requests)),
  };
}

/** The SDK replaces errors of another realm (a vm context) and loses their code; one made here keeps it. */
function ownError(thrown: unknown): Error {
  if (thrown instanceof ServiceError) return thrown;
  const { name = 'Error', code } = thrown as { name?: string; code?: unknown };
  return Object.assign(new Error('connection failed', { cause: thrown }), { name, code });
}

const isBearer = (headers: Readonly<Record<string, string>>) =>
  Object.entries(headers).some(([name, value]) => name.toLowerCase() === 'authorization' && /^bearer /i.test(value));

const isSafe = (protocol: string, hostname: string) =>
  protocol === 'https:' || /^(localhost|127(\.\d{1,3}){3}|\[?::1\]?)$/.test(hostname);

function bearerInTheClear(): ServiceError {
  return new ServiceError(
    'authentication',
    'The Bedrock API key is not sent over a connection that is not encrypted.',
    {
      remedy: 'The operator has to set an https endpoint, or use keys that sign instead of AWS_BEARER_TOKEN_BEDROCK.',
    },
  );
}

/** A success has to be what was asked for: a captive portal answers 200 too, and its page must not reach a frame parser. */
function isExpectedType(status: number, path: string, headers: Readonly<Record<string, string>>): boolean {
  const type = headers['content-type'];
  if (status !== 200 || type === undefined) return true;
  return path.endsWith('-stream') ? type.startsWith('application/vnd.amazon.eventstream') : type.includes('json');
}

function unexpectedType(): ServiceError {
  return new ServiceError('model_error', 'The endpoint answered with another type of content than Bedrock does.', {
    reason: 'invalid_answer',
    remedy: 'The operator has to check AWS_ENDPOINT_URL_BEDROCK_RUNTIME and any proxy.',
  });
}

/** The same bytes, until there are too many: then an error, and the socket is destroyed. */
function limited(body: Readable, maxBytes: number): Readable {
  let bytes = 0;
  const counter = new Transform({
    transform: (chunk: Buffer, _encoding, done) => {
      bytes += chunk.length;
      if (bytes > maxBytes) done(tooLarge());
      else done(null, chunk);
    },
  });
  // Whoever reads gets the error; when nobody reads yet it must not bring the process down.
  counter.on('error', () => undefined);
  const breakOff = (error: Error) => counter.destroy(error);
  body.once('error', (error) => breakOff(ownError(error)));
  body.once('close', () => body.readableEnded || breakOff(ownError({ code: 'ERR_STREAM_PREMATURE_CLOSE' })));
  counter.once('close', () => body.readableEnded || body.destroy());
  return body.pipe(counter);
}

function tooLarge(): ServiceError {
  return new ServiceError('model_error', 'The answer is larger than this server accepts.', {
    reason: 'answer_too_large',
    remedy: 'Lower max_tokens, or ask another model.',
  });
}

/** The path does not matter: whatever is answered, the connection (and its TLS session) stays for the calls to come. */
async function openConnection(url: URL, agent: HttpAgent): Promise<void> {
  const { request } = url.protocol === 'https:' ? await import('node:https') : await import('node:http');
  await new Promise<void>((resolve) => {
    const signal = AbortSignal.timeout(warmLimitMs);
    const sent = request(new URL('/ping', url), { agent, method: 'GET', signal }, (response) => {
      response.resume();
      response.once('close', resolve);
    });
    sent.once('error', () => resolve());
    sent.once('close', () => resolve());
    sent.end();
  });
}
