import type { Command } from 'commander';
import type { ServeFlags } from '../arguments.js';
import { type CommandContext, takesJson, takesSettings } from '../command-context.js';
import { usageFailure } from '../failures.js';

interface IamPolicyFlags extends ServeFlags {
  readonly account?: string;
  readonly explain?: boolean;
  readonly json?: boolean;
}

export function addIamPolicy(program: Command, { configure, terminal }: CommandContext): void {
  const command = program
    .command('iam-policy')
    .description('print the least IAM policy for the configured models, regions and features')
    .option('--account <id>', 'AWS account that owns profiles and guardrails (default: any)')
    .option('--explain', 'say why each statement is there');
  takesJson(takesSettings(command)).action(async ({ account = '*', explain, json, ...flags }: IamPolicyFlags) => {
    if (!/^(\d{12}|\*)$/.test(account)) throw usageFailure('--account must be an AWS account id of 12 digits.');
    const { policy, reasons } = (await configure(flags)).iamPolicy(account);
    if (!explain) {
      terminal.json(policy);
      return;
    }
    if (json) {
      terminal.json({ policy, reasons });
      return;
    }
    for (const [sid, reason] of Object.entries(reasons)) {
      terminal.print(`${terminal.style('bold', sid)}  ${reason}`);
    }
    terminal.print('');
    terminal.json(policy);
  });
}
