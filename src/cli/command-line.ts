import { Command } from 'commander';
import { type CommandContext, createCommandContext } from './command-context.js';
import { addAlerts } from './commands/alerts.js';
import { addCache } from './commands/cache.js';
import { addConfig } from './commands/config.js';
import { addDoctor } from './commands/doctor.js';
import { addIamPolicy } from './commands/iam-policy.js';
import { addInit } from './commands/init.js';
import { addInvoke } from './commands/invoke.js';
import { addKeys } from './commands/keys.js';
import { addModels } from './commands/models.js';
import { addRoute } from './commands/route.js';
import { addSandbox } from './commands/sandbox.js';
import { addServe } from './commands/serve.js';
import { addUsage } from './commands/usage.js';
import type { CommandLineDependencies } from './dependencies.js';
import { reportFailure } from './failures.js';
import { createTerminal } from './terminal.js';

const commands: readonly ((program: Command, context: CommandContext) => void)[] = [
  addServe,
  addInit,
  addInvoke,
  addRoute,
  addModels,
  addUsage,
  addCache,
  addAlerts,
  addDoctor,
  addConfig,
  addIamPolicy,
  addKeys,
  addSandbox,
];

/** The program with all its commands; it throws CommanderError or ServiceError and never ends the process. */
function createCommandLine<Settings>(dependencies: CommandLineDependencies<Settings>): Command {
  const { version, stdout, stderr } = dependencies;
  const program = new Command('kairos-bedrock-mcp')
    .description('MCP server for Amazon Bedrock: routing, caching, resilience and budgets as MCP tools')
    .version(version)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => void stdout.write(text),
      writeErr: (text) => void stderr.write(text),
      getOutHasColors: () => stdout.isTTY === true,
      getErrHasColors: () => stderr.isTTY === true,
    });
  const context = createCommandContext(dependencies);
  for (const add of commands) add(program, context);
  return program;
}

/** Runs one command. Exit codes: 0 done, 1 failed, 2 called or configured wrongly. */
export async function runCommandLine<Settings>(
  args: readonly string[],
  dependencies: CommandLineDependencies<Settings>,
): Promise<number> {
  try {
    await createCommandLine(dependencies).parseAsync([...args], { from: 'user' });
    return 0;
  } catch (thrown) {
    return reportFailure(thrown, createTerminal(dependencies), dependencies.logUnexpected);
  }
}
