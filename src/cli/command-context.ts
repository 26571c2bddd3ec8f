import type { Command } from 'commander';
import type { BedrockIntegrationService } from '../core/integration-service.js';
import { overridesOf, type ServeFlags, type SettingOverrides } from './arguments.js';
import type { CommandLineDependencies, ExplainedPolicy, KeyAdministration, ShownSetting } from './dependencies.js';
import { usageFailure } from './failures.js';
import { createTerminal, type Terminal } from './terminal.js';

/** Valid settings, and what can be done with them. */
export interface Configuration {
  readonly shown: readonly ShownSetting[];
  /** Runs `use` with a service that is closed afterwards, whatever happens. */
  withService<Result>(use: (service: BedrockIntegrationService) => Promise<Result>): Promise<Result>;
  /** The least rights in AWS that these settings need. */
  iamPolicy(account: string): ExplainedPolicy;
  apiKeys(): KeyAdministration;
  serve(): Promise<void>;
}

/** What the commands get: the dependencies without the type of the settings. */
export interface CommandContext
  extends Pick<
    CommandLineDependencies<never>,
    'clock' | 'signal' | 'installation' | 'readInput' | 'readFile' | 'startSandbox' | 'stderr'
  > {
  readonly terminal: Terminal;
  /** Loads the settings; wrong ones end the command with exit code 2. */
  configure(flags: ServeFlags): Promise<Configuration>;
  /** Ends the command with exit code 2 when a server with these variables would not start. */
  checkSettings(variables: SettingOverrides): Promise<void>;
}

export function createCommandContext<Settings>(dependencies: CommandLineDependencies<Settings>): CommandContext {
  const { loadSettings, createService, serve, clock, signal, installation, readInput, readFile, startSandbox } =
    dependencies;
  const load = async (overrides: SettingOverrides) => {
    const loaded = await loadSettings(overrides);
    if (!loaded.ok) throw usageFailure(['The configuration is not valid:', ...loaded.problems].join('\n  '));
    return loaded;
  };
  return {
    clock,
    signal,
    installation,
    readInput,
    readFile,
    stderr: dependencies.stderr,
    startSandbox,
    terminal: createTerminal(dependencies),
    configure: async (flags) => {
      const loaded = await load(overridesOf(flags));
      return {
        shown: loaded.shown,
        withService: async (use) => {
          const service = await createService(loaded.settings);
          try {
            return await use(service);
          } finally {
            await service.close();
          }
        },
        iamPolicy: (account) => dependencies.iamPolicy(loaded.settings, account),
        apiKeys: () => dependencies.apiKeys(loaded.settings),
        serve: () => serve(loaded.settings),
      };
    },
    checkSettings: async (variables) => {
      await load(variables);
    },
  };
}

/** The options of every command that reads the settings. */
export function takesSettings(command: Command): Command {
  return command
    .option('--config <file>', 'configuration file, YAML or JSON')
    .option('--sandbox', 'use the built-in stand-in for Bedrock');
}

export const takesJson = (command: Command): Command => command.option('--json', 'print JSON');
