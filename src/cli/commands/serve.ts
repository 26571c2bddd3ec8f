import type { Command } from 'commander';
import { closest } from 'fastest-levenshtein';
import type { ServeFlags } from '../arguments.js';
import { type CommandContext, takesSettings } from '../command-context.js';
import { usageFailure } from '../failures.js';

/** `serve`, the default: a mistyped command name arrives here as an argument. */
export function addServe(program: Command, { configure }: CommandContext): void {
  const command = program
    .command('serve', { isDefault: true })
    .description('serve MCP clients (default), over stdio unless told otherwise')
    .option('--transport <transport>', 'stdio or http')
    .option('--host <address>', 'address to listen on (http)')
    .option('--port <port>', 'port to listen on (http); 0 takes a free one')
    .allowExcessArguments();
  takesSettings(command).action(async (flags: ServeFlags) => {
    const [unknown] = command.args;
    if (unknown !== undefined) throw unknownCommand(unknown, program);
    const configuration = await configure(flags);
    await configuration.serve();
  });
}

function unknownCommand(name: string, program: Command) {
  const shown = JSON.stringify(name.slice(0, 60));
  const nearest = closest(
    name.slice(0, 60),
    program.commands.map((command) => command.name()),
  );
  return usageFailure(`Unknown command ${shown}. Did you mean \`${nearest}\`? See --help.`);
}
