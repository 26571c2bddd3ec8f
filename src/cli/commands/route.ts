import type { Command } from 'commander';
import type { RoutingDecision } from '../../core/routing.js';
import { targetKey } from '../../core/target.js';
import type { ServeFlags } from '../arguments.js';
import { type CommandContext, takesJson, takesSettings } from '../command-context.js';
import { type RequestFlags, requestOf, takesRequest } from '../request-options.js';
import type { Terminal } from '../terminal.js';
import { decisionView, money } from '../views.js';

export function addRoute(program: Command, { configure, terminal, readInput }: CommandContext): void {
  const command = program.command('route').description('show which models a prompt would go to, and why; calls none');
  takesJson(takesSettings(takesRequest(command))).action(
    async (prompt: string, flags: RequestFlags & ServeFlags & { json?: boolean }) => {
      const configuration = await configure(flags);
      const request = requestOf(prompt === '-' ? await readInput() : prompt, flags);
      const decision = await configuration.withService((service) => service.route(request));
      if (flags.json) terminal.json(decisionView(decision));
      else printDecision(decision, terminal);
    },
  );
}

function printDecision(
  { task, confidence, complexity, optimize, reasons, candidates, notices, ...rest }: RoutingDecision,
  terminal: Terminal,
): void {
  const certainty = `${Math.round(confidence * 100)} %`;
  terminal.print(`${terminal.style('bold', task)} (${certainty}), ${complexity.level}, optimised for ${optimize}`);
  for (const reason of reasons) terminal.print(`  ${reason}`);
  terminal.table(
    ['#', 'target', 'score', 'quality', 'cost', 'latency', 'state', 'why'],
    candidates.map(({ rank, target, score, parts, estimatedCost, expectedLatencyMs, healthy, reasons: why }) => [
      String(rank),
      targetKey(target),
      score.toFixed(3),
      parts.quality.toFixed(2),
      estimatedCost === undefined ? '?' : money(estimatedCost),
      expectedLatencyMs === undefined ? '?' : `${Math.round(expectedLatencyMs)} ms`,
      healthy ? terminal.style('green', 'ok') : terminal.style('red', 'unhealthy'),
      why.join('; '),
    ]),
  );
  terminal.table(
    ['optimize', 'first choice'],
    Object.entries(rest.alternatives).map(([goal, model]) => [goal, model]),
  );
  if (rest.excluded.length > 0) {
    terminal.table(
      ['left out', 'because'],
      rest.excluded.map(({ model, reason }) => [model, reason]),
    );
  }
  for (const notice of notices) terminal.note(terminal.style('yellow', `note: ${notice}`));
}
