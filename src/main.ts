#!/usr/bin/env node
import { readFile } from 'node:fs/promises';
import { tools } from '../tools/index.js';
import { prompts } from '../tools/prompts/index.js';
import { resources } from '../tools/resources/index.js';
import { parseServeArguments, type SettingOverrides } from './cli/arguments.js';
import { loadSettings, type Settings } from './config/settings.js';
import type { Logger } from './core/ports.js';
import { createLazyLogger } from './observability/lazy-logger.js';
import { serve } from './serve.js';

// The SDK's versions are pinned here, so its notice about future versions and Node 20 tells an operator nothing.
process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] ??= 'true';

/** Nothing may keep a finished process alive for longer. */
const exitGraceMs = 3_000;

async function main(args: readonly string[]): Promise<number> {
  const stopping = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stopping.abort());
  const overrides = parseServeArguments(args);
  // Anything but a plain `serve` needs the command line, which a client's start should not have to load.
  if (overrides === undefined) return await runCommand(args, stopping.signal);
  const loaded = await load(overrides);
  if (!loaded.ok) return await runCommand(args, stopping.signal);
  await serveClients(loaded.settings, stopping.signal);
  return 0;
}

const load = (overrides: SettingOverrides) =>
  loadSettings({ env: process.env, overrides, readFile: (path) => readFile(path, 'utf8') });

async function serveClients(settings: Settings, signal: AbortSignal): Promise<void> {
  const logger = openLog(settings);
  process.on('unhandledRejection', (error) => logger.error('Something failed that nobody waited for.', { error }));
  await serve({ settings, tools, resources, prompts, logger, signal });
}

/** Secrets that the AWS SDK reads by itself, so that the settings do not hold them. */
const awsSecrets = ['AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN', 'AWS_CONTAINER_AUTHORIZATION_TOKEN'];

function openLog(settings: Settings): Logger {
  const { level, format } = settings.logging;
  const open = async () => {
    const [{ createLogger }, { createRedactor }, { secretsOf }] = await Promise.all([
      import('./observability/logger.js'),
      import('./security/redactor.js'),
      import('./config/mask.js'),
    ]);
    const secrets = [...secretsOf(settings), ...awsSecrets.flatMap((name) => process.env[name] ?? [])];
    return createLogger({ level, format, redact: createRedactor(secrets) });
  };
  return createLazyLogger(open, (message) => process.stderr.write(`${message}\n`));
}

async function runCommand(args: readonly string[], signal: AbortSignal): Promise<number> {
  const harmlessTools = tools.filter(({ kind }) => kind === 'read').map(({ name }) => name);
  const { runCommandLine, commandLineDependencies } = await import('./command-line.js');
  return runCommandLine(args, commandLineDependencies({ signal, harmlessTools, load, openLog, serve: serveClients }));
}

process.exitCode = await main(process.argv.slice(2));
setTimeout(() => process.exit(), exitGraceMs).unref();
