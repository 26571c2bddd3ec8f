import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setImmediate } from 'node:timers/promises';
import type { SSEServerTransport } from '@modelcontextprotocol/sdk/server/sse.js';
import type { Clock, Random } from '../../core/clock.js';
import { errorPolicies, ServiceError } from '../../core/errors.js';
import type { BedrockIntegrationService } from '../../core/integration-service.js';
import type { Logger } from '../../core/ports.js';
import type { McpConnector } from '../protocol-2025/mcp-connection.js';
import type { ModernHttpEndpoint } from '../protocol-2026/http-endpoint.js';
import { type Access, type AccessOptions, createAccess } from './access.js';
import { type ConnectionLimits, refuseBadConnections } from './connection-refusals.js';
import { type HealthRouteOptions, healthRoutes } from './health-routes.js';
import { isLoopback, urlHost } from './loopback.js';
import { metadataRoutes } from './metadata-routes.js';
import { rpcCodes, sendRpcError } from './replies.js';
import { createRequestGuard, type Refusal } from './request-guard.js';
import type { Lifecycle, RouteHandler, Routes } from './route.js';
import { createSessions, type Sessions } from './sessions.js';
import { sseRoutes } from './sse-routes.js';
import { type StreamableChannel, streamableRoutes } from './streamable-routes.js';

export interface HttpServerOptions extends AccessOptions {
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  readonly connector: McpConnector;
  /** Loads what answers the later era, which has an SDK of its own. */
  readonly loadModern: () => Promise<ModernHttpEndpoint>;
  readonly service: () => Promise<BedrockIntegrationService>;
  readonly metrics: HealthRouteOptions['metrics'];
  readonly random: Random;
  readonly limits?: Partial<HttpLimits>;
  /** Besides the loopback names. */
  readonly allowedHosts?: readonly string[];
  readonly allowedOrigins?: readonly string[];
}

export interface HttpLimits extends ConnectionLimits {
  readonly maxBodyBytes: number;
  /** Of each of the two transports. */
  readonly maxSessions: number;
  /** Of them, of one caller where there are several. */
  readonly maxSessionsOfCaller: number;
  /** Wrong keys and tokens of one address in a minute; for the others it has to wait. Right ones are always served. */
  readonly maxFailedAttempts: number;
  readonly sessionIdleMs: number;
  /** For running calls to end when the server closes. */
  readonly drainMs: number;
}

export interface RunningHttpServer {
  /** Without a path, such as `http://127.0.0.1:8765`. */
  readonly url: string;
  /** Finishes running calls within `drainMs`, ends streams and sessions, then closes every socket. */
  close(): Promise<void>;
}

export interface HttpServer {
  /** @throws ServiceError when the address cannot be used. */
  listen(): Promise<RunningHttpServer>;
}

const defaultLimits: HttpLimits = {
  maxBodyBytes: 30 * 1024 * 1024,
  maxHeaderBytes: 16 * 1024,
  maxConnections: 1_000,
  maxSessions: 500,
  maxSessionsOfCaller: 100,
  maxFailedAttempts: 20,
  sessionIdleMs: 30 * 60_000,
  headersTimeoutMs: 10_000,
  requestTimeoutMs: 60_000,
  drainMs: 10_000,
};
const reapEveryMs = 60_000;
/** For answers on their way out, once every session was closed. */
const socketGraceMs = 500;

/** What the routes, the closing and the reaping share. */
interface State {
  readonly lifecycle: Lifecycle;
  readonly streamable: Sessions<StreamableChannel>;
  readonly sse: Sessions<SSEServerTransport>;
  readonly limits: HttpLimits;
  readonly modern: LazyEndpoint;
}

/** Loaded at the first request of its era; the closing must not load it. */
interface LazyEndpoint {
  get(): Promise<ModernHttpEndpoint>;
  loaded(): Promise<ModernHttpEndpoint | undefined>;
}

function lazyEndpoint(load: () => Promise<ModernHttpEndpoint>): LazyEndpoint {
  let endpoint: Promise<ModernHttpEndpoint> | undefined;
  return {
    get: () => {
      endpoint ??= load();
      return endpoint;
    },
    loaded: async () => await endpoint?.catch(() => undefined),
  };
}

function pickHandler(request: IncomingMessage, response: ServerResponse, routes: Routes, url: URL) {
  const methods = Object.hasOwn(routes, url.pathname) ? routes[url.pathname] : undefined;
  if (!methods) {
    sendRpcError(response, 404, 'There is nothing at this path.');
    return undefined;
  }
  const method = request.method ?? '';
  const handler: RouteHandler | undefined = Object.hasOwn(methods, method) ? methods[method] : undefined;
  if (!handler) {
    const allow = Object.keys(methods).join(', ');
    sendRpcError(response, 405, `This path takes ${allow}.`, undefined, { allow });
  }
  return handler;
}

function failRequest(response: ServerResponse, thrown: unknown, logger: Logger): void {
  logger.error('An HTTP request failed inside the server.', { error: thrown });
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const status = thrown instanceof ServiceError ? errorPolicies[thrown.category].httpStatus : 500;
  const message = thrown instanceof ServiceError ? thrown.message : 'The server failed on this request.';
  sendRpcError(response, status, message, rpcCodes.internal);
}

interface ListenerParts {
  readonly guard: (request: IncomingMessage) => Refusal | undefined;
  readonly access: Access;
  readonly routes: Routes;
  readonly logger: Logger;
}

function createListener({ guard, access, routes, logger }: ListenerParts) {
  const answer = async (request: IncomingMessage, response: ServerResponse, url: URL) => {
    if (!(await access.admit(request, response, url))) return;
    await pickHandler(request, response, routes, url)?.(request, response, url);
  };
  return (request: IncomingMessage, response: ServerResponse): void => {
    const refusal = guard(request);
    const target = request.url ?? '/';
    const url = URL.canParse(target, 'http://localhost') ? new URL(target, 'http://localhost') : undefined;
    if (refusal || !url) {
      const { status, message } = refusal ?? { status: 400, message: 'The request target is not valid.' };
      sendRpcError(response, status, message, undefined, { connection: 'close' });
      return;
    }
    answer(request, response, url).catch((thrown: unknown) => {
      // A client that left in the middle of its request is no failure.
      if (request.destroyed && !request.complete) response.destroy();
      else failRequest(response, thrown, logger);
    });
  };
}

async function bind(server: Server, host: string, port: number): Promise<string> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port }, resolve);
  }).catch((cause: NodeJS.ErrnoException) => {
    const why = cause.code === 'EADDRINUSE' ? 'is in use by another program' : 'cannot be used';
    throw new ServiceError('validation', `The address ${urlHost(host)}:${port} ${why}.`, {
      remedy: 'Choose another port with --port or BEDROCK_HTTP_PORT.',
      cause,
    });
  });
  return `http://${urlHost(host)}:${(server.address() as AddressInfo).port}`;
}

async function reapRegularly(state: State, clock: Clock, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await clock.sleep(Math.min(reapEveryMs, state.limits.sessionIdleMs), signal);
    state.streamable.reap();
    state.sse.reap();
  }
}

async function stop(server: Server, state: State, clock: Clock): Promise<void> {
  state.lifecycle.draining = true;
  const enough = new AbortController();
  const within = (ms: number) => clock.sleep(ms, enough.signal).catch(() => undefined);
  const sessions = [...state.streamable.all(), ...state.sse.all()].map(({ connection }) => connection);
  const modern = await state.modern.loaded();
  const connections = modern ? [...sessions, modern] : sessions;
  await Promise.race([Promise.all(connections.map((connection) => connection.idle())), within(state.limits.drainMs)]);
  // The answer of the last call leaves a few ticks after the call has ended.
  await setImmediate();
  const closed = new Promise((resolve) => server.close(resolve));
  await Promise.all(connections.map((connection) => connection.close()));
  server.closeIdleConnections();
  await Promise.race([closed, within(socketGraceMs)]);
  enough.abort();
  server.closeAllConnections();
  await closed;
}

function refuseOpenBind({ host, authentication }: HttpServerOptions): void {
  if (authentication || isLoopback(host)) return;
  throw new ServiceError('validation', 'Without authentication the server listens on this machine only.', {
    remedy: 'Set BEDROCK_API_KEYS_FILE or BEDROCK_OIDC_ISSUER, or use the host 127.0.0.1.',
  });
}

function createState(options: HttpServerOptions): State {
  const limits = { ...defaultLimits, ...options.limits };
  const { maxSessions, maxSessionsOfCaller, sessionIdleMs: idleMs } = limits;
  const ofCaller = options.authentication ? maxSessionsOfCaller : maxSessions;
  const sessionOptions = { clock: options.clock, maxSessions, maxSessionsOfCaller: ofCaller, idleMs };
  return {
    limits,
    lifecycle: { draining: false },
    modern: lazyEndpoint(options.loadModern),
    streamable: createSessions(sessionOptions),
    sse: createSessions(sessionOptions),
  };
}

/**
 * MCP over HTTP with health and metrics beside it.
 * @throws ServiceError validation for a host that other machines reach, without authentication.
 */
export function createHttpServer(options: HttpServerOptions): HttpServer {
  const { host, port, logger, clock, allowedHosts = [], allowedOrigins = [] } = options;
  refuseOpenBind(options);
  const state = createState(options);
  const { limits, lifecycle } = state;
  const access = createAccess({ ...options, maxFailedAttempts: limits.maxFailedAttempts });
  const { maxBodyBytes } = limits;
  const shared = { ...options, access, lifecycle, maxBodyBytes, modern: state.modern.get };
  const routes: Routes = {
    ...streamableRoutes({ ...shared, sessions: state.streamable }),
    ...sseRoutes({ ...shared, sessions: state.sse }),
    ...healthRoutes({ ...shared, tellsReasons: options.authentication === undefined }),
    ...metadataRoutes(options),
  };
  const headersTimeout = Math.min(limits.headersTimeoutMs, limits.requestTimeoutMs);
  const connectionOptions = {
    maxHeaderSize: limits.maxHeaderBytes,
    requestTimeout: limits.requestTimeoutMs,
    headersTimeout,
    // Node looks for late requests only so often, by default every 30 s.
    connectionsCheckingInterval: Math.min(2_000, headersTimeout),
  };
  const listener = createListener({
    guard: createRequestGuard({ allowedHosts, allowedOrigins }),
    access,
    routes,
    logger,
  });
  const server = createServer(connectionOptions, listener);
  refuseBadConnections(server, { limits, clock, logger });

  return {
    listen: async () => {
      const url = await bind(server, host, port);
      const reaping = new AbortController();
      reapRegularly(state, clock, reaping.signal).catch(() => undefined);
      return {
        url,
        close: async () => {
          reaping.abort();
          await stop(server, state, clock);
        },
      };
    },
  };
}
