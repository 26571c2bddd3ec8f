import type { Settings } from './config/settings.js';
import { systemClock, systemRandom } from './core/clock.js';
import type { Logger } from './core/ports.js';
import { createCompletionSurface } from './server/completion-surface.js';
import type { Prompt } from './server/define-prompt.js';
import type { Resource } from './server/define-resource.js';
import type { Tool } from './server/define-tool.js';
import { createPromptSurface, type PromptSurfaceOptions } from './server/prompt-surface.js';
import { createMcpConnector, type McpConnector } from './server/protocol-2025/mcp-connection.js';
import { createResourceSurface, type ResourceSurfaceOptions } from './server/resource-surface.js';
import { createSurface, type McpSurface } from './server/surface.js';
import { createToolRegistry } from './server/tool-registry.js';
import { type Application, startApplication } from './start-application.js';
import { version } from './version.js';

export interface ServeOptions {
  readonly settings: Settings;
  readonly tools: readonly Tool[];
  readonly resources: readonly Resource[];
  readonly prompts: readonly Prompt[];
  readonly logger: Logger;
  /** Aborted by SIGTERM and Ctrl-C. */
  readonly signal: AbortSignal;
}

/** Without authentication every client of this process is the same caller. */
const localCaller = { id: 'local', tenant: 'local' };
const drainMs = 10_000;

/** Serves MCP clients until they are gone or the signal is aborted; then ends calls, books and closes everything. */
export async function serve(options: ServeOptions): Promise<void> {
  const { settings, logger, resources, prompts } = options;
  const application = startApplication({ settings, logger });
  const service = async () => (await application.get()).service;
  const registry = createToolRegistry({
    tools: offeredTools(options),
    service,
    logger,
    clock: systemClock,
    random: systemRandom,
  });
  const surface = createSurface({
    registry,
    ...documents({ resources, prompts, service, clock: systemClock }),
    name: 'kairos-bedrock-mcp',
    version,
    clock: systemClock,
  });
  const connector = createMcpConnector({
    surface,
    logger,
    // A client is greeted before the AWS SDK is loaded; the load goes on while the client thinks of its first call.
    onInitialized: application.warm,
  });
  try {
    await (settings.server.transport === 'http'
      ? serveHttp(options, application, connector, surface)
      : serveStdio(options, connector, surface));
  } finally {
    await application.close();
  }
}

/** All but the tools of what a client can see. */
function documents(options: ResourceSurfaceOptions & PromptSurfaceOptions) {
  return {
    resources: createResourceSurface(options),
    prompts: createPromptSurface(options),
    completions: createCompletionSurface(options),
  };
}

/** Those of the toolsets that the operator wants; without spending, those that only read. */
function offeredTools({ settings: { server }, tools }: ServeOptions): readonly Tool[] {
  const wanted = tools.filter(({ toolset = 'core' }) => server.toolsets.some((name) => name === toolset));
  return server.readOnly ? wanted.filter(({ kind }) => kind === 'read') : wanted;
}

async function serveStdio(
  { logger, signal }: ServeOptions,
  connector: McpConnector,
  surface: McpSurface,
): Promise<void> {
  const { serveStdio: connect } = await import('./server/transports/stdio.js');
  const { stdin: input, stdout: output } = process;
  const server = await connect({
    connector,
    connectModern: async (transport) => {
      const { connectModernStdio } = await import('./server/protocol-2026/stdio-connection.js');
      return connectModernStdio({ surface, caller: localCaller, logger, transport });
    },
    caller: localCaller,
    input,
    output,
    clock: systemClock,
    drainMs,
  });
  logger.debug('Serving one client over stdio.', { version });
  await Promise.race([server.closed, aborted(signal)]);
  await server.close();
}

async function serveHttp(
  { settings, logger, signal }: ServeOptions,
  application: Application,
  connector: McpConnector,
  surface: McpSurface,
): Promise<void> {
  const [{ createHttpServer }, { openAuthentication }] = await Promise.all([
    import('./server/http/http-server.js'),
    import('./compose-authentication.js'),
  ]);
  const { host, port, allowedHosts, allowedOrigins } = settings.server;
  const { publicUrl } = settings.authentication;
  const authentication = await openAuthentication({ settings, clock: systemClock, logger });
  const server = createHttpServer({
    host,
    port,
    connector,
    loadModern: async () => {
      const { serveModernHttp } = await import('./server/protocol-2026/http-endpoint.js');
      return serveModernHttp({ surface, logger });
    },
    caller: localCaller,
    tools: surface.tools,
    ...(authentication && { authentication }),
    ...(publicUrl !== undefined && { publicUrl }),
    service: async () => (await application.get()).service,
    metrics: async () => (await application.get()).metrics?.render() ?? metricsOff,
    logger,
    clock: systemClock,
    random: systemRandom,
    limits: settings.httpLimits,
    allowedHosts: [...allowedHosts, host, ...(publicUrl === undefined ? [] : [new URL(publicUrl).host])],
    allowedOrigins,
  });
  application.warm();
  const running = await server.listen();
  logger.info('Serving MCP over HTTP.', { url: `${running.url}/mcp`, version, sandbox: settings.sandbox });
  await aborted(signal);
  logger.info('Stopping: running calls may end, new ones are refused.');
  await running.close();
}

const metricsOff = { contentType: 'text/plain; charset=utf-8', body: '# Metrics are off: BEDROCK_METRICS_ENABLED.\n' };

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
