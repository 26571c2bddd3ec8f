import { createAuthenticationManager } from './bedrock/authentication-manager.js';
import { type AuthenticationReadiness, createAuthenticationReadiness } from './bedrock/authentication-readiness.js';
import { type BedrockClient, createBedrockClient } from './bedrock/bedrock-client.js';
import { createConnectionCheck, createPoolCheck } from './bedrock/connection-check.js';
import { openSdkHandler } from './bedrock/connection-options.js';
import { createConnectionWatch } from './bedrock/connection-watch.js';
import { type ControlPlane, createControlPlane } from './bedrock/control-plane.js';
import type { ConverseFeatures } from './bedrock/converse-request.js';
import { createTextGuard } from './bedrock/text-guard.js';
import type { Settings } from './config/settings.js';
import type { Clock, Random } from './core/clock.js';
import type { ServerEvent } from './core/events.js';
import type { HealthCheck, ModelDirectory } from './core/ports.js';
import { type Region, region } from './core/target.js';
import type { TextGuard } from './core/text-guard.js';
import { loadCatalogue } from './models/catalogue/load-catalogue.js';
import type { FirstTokenTimes } from './resilience/first-token-times.js';

export interface BackendOptions {
  readonly settings: Settings;
  readonly clock: Clock;
  readonly random: Random;
}

/** What reaches AWS, or the sandbox in its place. */
export interface Backend {
  readonly client: BedrockClient;
  readonly controlPlane: ControlPlane;
  /** Undefined when no guardrail is set. */
  readonly textGuard: TextGuard | undefined;
  readonly checks: readonly HealthCheck[];
  readonly readiness: AuthenticationReadiness;
  /** Loads what the first call needs, and begins to verify the credentials. Never rejects. */
  warm(): Promise<void>;
  close(): Promise<void>;
}

interface BackendWatch {
  readonly firstTokenTimes: FirstTokenTimes;
  readonly onServerEvent: (event: ServerEvent) => void;
}

export async function startBackend(
  options: BackendOptions,
  models: ModelDirectory,
  { firstTokenTimes, onServerEvent }: BackendWatch,
): Promise<Backend> {
  const { settings, clock } = options;
  const { aws, limits } = settings;
  const sandbox = settings.sandbox ? await startBuiltInSandbox(options) : undefined;
  const watch = createConnectionWatch({ clock });
  const connection = { maxSockets: limits.maxConcurrentRequests, ...(sandbox ? {} : awsConnection(aws)), watch };
  const authentication = createAuthenticationManager({
    clock,
    region: aws.region,
    watchFiles: true,
    handler: () => openSdkHandler(connection),
    ...(sandbox?.credentials ?? aws),
  });
  const runtimeEndpoint = sandbox?.url ?? aws.endpointRuntime;
  const controlEndpoint = sandbox?.url ?? aws.endpointControl;
  const client = createBedrockClient({
    clock,
    authentication,
    models,
    source: sandbox ? 'sandbox' : 'bedrock',
    features: conversationFeatures(settings),
    firstTokenTimeoutMs: limits.firstTokenTimeoutMs,
    firstTokenTimeoutMsFor: firstTokenTimes.timeoutMsFor,
    idleTimeoutMs: limits.idleTimeoutMs,
    nativeFormats: aws.nativeFormats,
    connection,
    ...(runtimeEndpoint !== undefined && { endpoint: runtimeEndpoint }),
  });
  const controlPlane = createControlPlane({
    clock,
    authentication,
    connection,
    ...(controlEndpoint !== undefined && { endpoint: controlEndpoint }),
  });
  const home = region(aws.region);
  const verify = (signal: AbortSignal) => controlPlane.listFoundationModels(home, signal);
  const { random } = options;
  const readiness = createAuthenticationReadiness({ authentication, verify, clock, random, onServerEvent });
  return {
    client,
    controlPlane,
    textGuard: openTextGuard(settings, client, home),
    readiness,
    checks: [createConnectionCheck({ authentication, readiness, controlPlane, region: home }), createPoolCheck(watch)],
    warm: async () => {
      readiness.start();
      await client.warm(home);
    },
    close: async () => {
      readiness.close();
      authentication.close();
      client.close();
      controlPlane.close();
      await sandbox?.close();
    },
  };
}

function awsConnection({ tlsMinVersion, fips, dualStack, proxy: url, noProxy }: Settings['aws']) {
  const proxy = url && { proxy: { url, ...(noProxy !== undefined && { exceptions: noProxy }) } };
  return { tlsMinVersion, fips, dualStack, ...proxy };
}

function conversationFeatures({ guardrail: { id, version }, promptCaching }: Settings): ConverseFeatures {
  return { promptCaching, ...(id !== undefined && { guardrail: { id, version } }) };
}

function openTextGuard({ guardrail: { id, version } }: Settings, client: BedrockClient, home: Region) {
  return id === undefined ? undefined : createTextGuard({ client, guardrail: { id, version }, region: home });
}

async function startBuiltInSandbox({ clock, random, settings }: BackendOptions) {
  const { startSandbox, sandboxCredentials } = await import('./sandbox/sandbox.js');
  const sandbox = await startSandbox({
    catalogue: loadCatalogue(),
    clock,
    random,
    defaultRegion: settings.aws.region,
  });
  const { accessKeyId, secretAccessKey } = sandboxCredentials;
  return { url: sandbox.url, close: sandbox.close, credentials: { accessKeyId, secretAccessKey } };
}
