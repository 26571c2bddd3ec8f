import type { Command } from 'commander';
import type { ServeFlags } from '../arguments.js';
import { type CommandContext, takesJson, takesSettings } from '../command-context.js';

export function addConfig(program: Command, { configure, terminal }: CommandContext): void {
  const config = program.command('config').description('check or show the settings');

  takesSettings(
    config.command('check').description('exit 0 if the settings are valid, else 2 with what is wrong'),
  ).action(async (flags: ServeFlags) => {
    await configure(flags);
    terminal.print(terminal.style('green', 'The configuration is valid.'));
  });

  takesJson(takesSettings(config.command('print').description('show every setting and where it came from'))).action(
    async (flags: ServeFlags & { json?: boolean }) => {
      const { shown } = await configure(flags);
      if (flags.json) {
        terminal.json(
          Object.fromEntries(shown.map(({ variable, value, source }) => [variable, { value: value ?? null, source }])),
        );
        return;
      }
      terminal.table(
        ['setting', 'value', 'from'],
        shown.map(({ variable, value, source }) => [variable, value ?? terminal.style('dim', '(not set)'), source]),
      );
    },
  );
}
