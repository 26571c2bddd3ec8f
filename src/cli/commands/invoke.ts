import type { Command } from 'commander';
import type { Invocation } from '../../core/integration-service.js';
import { responseText } from '../../core/response.js';
import type { ServeFlags } from '../arguments.js';
import { type CommandContext, takesJson, takesSettings } from '../command-context.js';
import { type RequestFlags, requestOf, takesRequest } from '../request-options.js';
import type { Terminal } from '../terminal.js';
import { approximate, invocationView } from '../views.js';

const caller = { id: 'command-line', tenant: 'command-line' };

export function addInvoke(program: Command, context: CommandContext): void {
  const { configure, terminal, readInput, signal } = context;
  const command = program.command('invoke').description('ask a model; the answer goes to stdout, all else to stderr');
  takesJson(takesSettings(takesRequest(command))).action(
    async (prompt: string, flags: RequestFlags & ServeFlags & { json?: boolean }) => {
      const configuration = await configure(flags);
      const request = requestOf(prompt === '-' ? await readInput() : prompt, flags);
      await configuration.withService(async (service) => {
        const invocation = await service.invoke(request, { tool: 'cli_invoke', caller, signal });
        if (flags.json) return terminal.json(invocationView(invocation));
        terminal.print(terminal.foreign(responseText(invocation.response.content)));
        printFooter(invocation, terminal);
      });
    },
  );
}

function printFooter({ response, record }: Invocation, terminal: Terminal): void {
  const { served, source, usage, notices, stopReason } = response;
  const facts = [
    `${served.profile ?? served.model} in ${served.region}`,
    source === 'bedrock' ? undefined : `from ${source}`,
    `${usage.inputTokens} + ${usage.outputTokens} tokens`,
    approximate(record.cost),
    record.latencyMs === undefined ? undefined : `${Math.round(record.latencyMs)} ms`,
    stopReason === 'end_turn' ? undefined : `stopped by ${stopReason}`,
  ];
  terminal.note(terminal.style('dim', facts.filter((fact) => fact !== undefined).join(' · ')));
  for (const notice of notices) terminal.note(terminal.style('yellow', `note: ${notice}`));
}
