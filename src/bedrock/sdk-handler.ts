import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { type Readable, Transform } from 'node:stream';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { bearerInTheClear, ownError, tooLarge, unexpectedType } from './connection-errors.js';
import type { ConnectionOptions } from './connection-options.js';
import type { PoolFigures } from './connection-watch.js';
import { tunnelThrough } from './proxy-tunnel.js';
import { createSentRequests } from './sent-requests.js';

export interface SdkHandler {
  handle: NodeHttpHandler['handle'];
  updateHttpClientConfig: NodeHttpHandler['updateHttpClientConfig'];
  httpHandlerConfigs: NodeHttpHandler['httpHandlerConfigs'];
  /** Opens a connection and leaves it in the pool. Never rejects: what is wrong shows at the first call. */
  warm(url: URL): Promise<void>;
  /** True when the request that the signal ends has left this machine. */
  wasSent(signal: AbortSignal): boolean;
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
  const sent = createSentRequests();
  const answerTo: NodeHttpHandler['handle'] = async (request, handling) => {
    const forgetRequest = sent.follow(request.headers, handling?.abortSignal);
    try {
      return await handler.handle(request, handling);
    } catch (thrown) {
      throw ownError(thrown);
    } finally {
      forgetRequest();
    }
  };
  return {
    handle: async (request, handling) => {
      if (isBearer(request.headers) && !isSafe(request.protocol, request.hostname)) throw bearerInTheClear();
      const { response } = await answerTo(request, handling);
      options.watch?.sawDate(response.headers['date']);
      const body = response.body as Readable;
      if (!options.anyType && !isExpectedType(response.statusCode, request.path, response.headers)) {
        body.destroy();
        throw unexpectedType();
      }
      response.body = isStream(response.statusCode, request.path)
        ? safely(body)
        : limited(body, options.maxAnswerBytes);
      return { response };
    },
    updateHttpClientConfig: (key, value) => handler.updateHttpClientConfig(key, value),
    httpHandlerConfigs: () => handler.httpHandlerConfigs(),
    warm: (url) => openConnection(url, url.protocol === 'https:' ? httpsAgent : httpAgent),
    wasSent: sent.wasSent,
    destroy: () => {
      forget?.();
      sent.close();
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

const isBearer = (headers: Readonly<Record<string, string>>) =>
  Object.entries(headers).some(([name, value]) => name.toLowerCase() === 'authorization' && /^bearer /i.test(value));

const isSafe = (protocol: string, hostname: string) =>
  protocol === 'https:' || /^(localhost|127(\.\d{1,3}){3}|\[?::1\]?)$/.test(hostname);

/** A stream of events, whose reader counts its bytes by itself. */
const isStream = (status: number, path: string): boolean => status === 200 && path.endsWith('-stream');

/** As long as nobody reads, an error must not bring the process down; who reads then gets it. */
const safely = (body: Readable): Readable => body.on('error', () => undefined);

/** A success has to be what was asked for: a captive portal answers 200 too, and its page must not reach a frame parser. */
function isExpectedType(status: number, path: string, headers: Readonly<Record<string, string>>): boolean {
  const type = headers['content-type'];
  if (status !== 200 || type === undefined) return true;
  return isStream(status, path) ? type.startsWith('application/vnd.amazon.eventstream') : type.includes('json');
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
