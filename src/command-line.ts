import { realpathSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { text } from 'node:stream/consumers';
import type { SettingOverrides } from './cli/arguments.js';
import type { CommandLineDependencies, InstalledServer } from './cli/dependencies.js';
import { printableSettings } from './config/mask.js';
import { describeProblem } from './config/setting-problems.js';
import type { Settings, SettingsResult } from './config/settings.js';
import { systemClock } from './core/clock.js';
import { ServiceError } from './core/errors.js';
import type { Logger } from './core/ports.js';
import { region } from './core/target.js';
import { loadCatalogue } from './models/catalogue/load-catalogue.js';
import { createModelManager } from './models/model-manager.js';
import { defaultTaskRoutes } from './routing/default-task-routes.js';
import { iamPolicy } from './security/iam-policy.js';
import { createKeyAdministration } from './server/auth/key-administration.js';
import { startApplication } from './start-application.js';
import { version } from './version.js';

export { runCommandLine } from './cli/command-line.js';

export interface CommandLineParts {
  readonly signal: AbortSignal;
  /** Names of the tools that only read. */
  readonly harmlessTools: readonly string[];
  readonly load: (overrides: SettingOverrides) => Promise<SettingsResult>;
  readonly openLog: (settings: Settings) => Logger;
  readonly serve: (settings: Settings, signal: AbortSignal) => Promise<void>;
}

/** What the commands need of the rest of the program. */
export function commandLineDependencies(parts: CommandLineParts): CommandLineDependencies<Settings> {
  const { signal, harmlessTools, load, openLog, serve } = parts;
  let logger: Logger | undefined;
  return {
    version,
    installation: installedServer(harmlessTools),
    env: process.env,
    stdout: process.stdout,
    stderr: process.stderr,
    clock: systemClock,
    signal,
    readInput: () => text(process.stdin),
    readFile: (path) => readFile(path, 'utf8'),
    loadSettings: async (overrides) => {
      const loaded = await load(overrides);
      if (!loaded.ok) return { ok: false, problems: loaded.problems.map(describeProblem) };
      logger = quietLog(openLog, loaded.settings);
      return { ok: true, settings: loaded.settings, shown: printableSettings(loaded.settings, loaded.sources) };
    },
    createService: async (settings) => {
      const application = startApplication({ settings, logger: logger ?? quietLog(openLog, settings) });
      return (await application.get()).service;
    },
    iamPolicy: (settings, account) => iamPolicy({ ...iamNeeds(settings), account }),
    apiKeys,
    serve: (settings) => serve(settings, signal),
    logUnexpected: (error) => logger?.error('The command failed unexpectedly.', { error }),
    startSandbox: async ({ host, port }) => {
      const { startSandbox, sandboxCredentials } = await import('./sandbox/sandbox.js');
      const sandbox = await startSandbox({ catalogue: loadCatalogue(), host, port });
      return { url: sandbox.url, environment: environmentOf(sandbox.url, sandboxCredentials), close: sandbox.close };
    },
  };
}

function apiKeys({ authentication: { apiKeysFile: file } }: Settings) {
  if (file !== undefined) return createKeyAdministration({ file, clock: systemClock });
  throw new ServiceError('validation', 'BEDROCK_API_KEYS_FILE is not set.', {
    remedy: 'Set it to the file that is to hold the keys.',
  });
}

function installedServer(harmlessTools: readonly string[]): InstalledServer {
  const { execPath, argv, platform, env, cwd } = process;
  const { APPDATA: appData, XDG_CONFIG_HOME: configHome } = env;
  return {
    nodePath: execPath,
    // npm starts a package through a link in a folder for commands.
    entryPath: realpathSync(argv[1] ?? ''),
    version,
    platform,
    harmlessTools,
    places: {
      platform,
      home: homedir(),
      project: cwd(),
      ...(appData !== undefined && { appData }),
      ...(configHome !== undefined && { configHome }),
    },
  };
}

/** A command answers on the terminal; its log would only stand in the way, unless something is wrong. */
function quietLog(openLog: CommandLineParts['openLog'], settings: Settings): Logger {
  const level = settings.logging.level === 'debug' ? 'debug' : 'error';
  return openLog({ ...settings, logging: { ...settings.logging, level } });
}

/** The models that the settings and the built-in routes name, wherever they may be called. */
function iamNeeds({ aws, models, guardrail }: Settings) {
  const geographies = aws.allowedGeographies;
  const regions = aws.regions.map(region);
  const arns = { find: (arn: string) => known(models.arns[arn]) };
  const directory = createModelManager({
    catalogue: loadCatalogue(),
    regions,
    ...(geographies && { geographies }),
    arns,
  });
  const routes = Object.values({ ...defaultTaskRoutes, ...models.taskRoutes }).flat();
  const names = [models.default ?? [], models.fallbacks, routes, Object.keys(models.arns)].flat();
  const targetsOf = (name: string) => {
    try {
      return directory.targetsOf(directory.resolve(name)).targets;
    } catch {
      // What stands for no model here needs no right; `doctor` and `route` say why.
      return [];
    }
  };
  return {
    targets: names.flatMap(targetsOf),
    regions: aws.regions,
    countsTokens: true,
    ...(guardrail.id !== undefined && { guardrailId: guardrail.id }),
    usesBearer: aws.bearerToken !== undefined && aws.accessKeyId === undefined && aws.roleArn === undefined,
  };
}

const known = (model: string | undefined) => (model === undefined ? undefined : { models: [model], destinations: [] });

function environmentOf(url: string, credentials: { accessKeyId: string; secretAccessKey: string }) {
  return {
    AWS_ENDPOINT_URL_BEDROCK_RUNTIME: url,
    AWS_ENDPOINT_URL_BEDROCK: url,
    AWS_ACCESS_KEY_ID: credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    AWS_REGION: 'us-east-1',
  };
}
