import type { Command } from 'commander';
import type { AlertAdministration, DeadLetter } from '../../core/alerts.js';
import { ServiceError } from '../../core/errors.js';
import type { BedrockIntegrationService } from '../../core/integration-service.js';
import type { ServeFlags } from '../arguments.js';
import { type CommandContext, takesJson, takesSettings } from '../command-context.js';
import { usageFailure } from '../failures.js';
import type { Terminal } from '../terminal.js';

interface AlertsFlags extends ServeFlags {
  readonly json?: boolean;
}

interface ReplayFlags extends AlertsFlags {
  readonly all?: boolean;
}

export function addAlerts(program: Command, context: CommandContext): void {
  const alerts = program.command('alerts').description('messages to the webhook of BEDROCK_WEBHOOK_URL');
  addList(alerts, context);
  addReplay(alerts, context);
  addTest(alerts, context);
}

function addList(alerts: Command, { configure, terminal }: CommandContext): void {
  const command = alerts.command('list').description('show the messages that were given up, the newest first');
  takesJson(takesSettings(command)).action(async (flags: AlertsFlags) => {
    const dead = await (await configure(flags)).withService((service) => alertsOf(service).dead());
    if (flags.json) terminal.json(dead.map(shown));
    else printDead(dead, terminal);
  });
}

function addReplay(alerts: Command, { configure, terminal }: CommandContext): void {
  const command = alerts
    .command('replay [id...]')
    .description('send messages again that were given up, under their old ids')
    .option('--all', 'all of them');
  takesJson(takesSettings(command)).action(async (ids: string[], flags: ReplayFlags) => {
    if ((ids.length === 0) === (flags.all !== true)) throw usageFailure('Give either ids, or --all.');
    const wanted = flags.all ? 'all' : ids;
    const report = await (await configure(flags)).withService((service) => alertsOf(service).replay(wanted));
    const { revived, delivered } = report;
    if (flags.json) terminal.json(report);
    else terminal.print(`${revived} were put back; ${delivered} were delivered.`);
    if (revived === 0 && !flags.all) throw new ServiceError('validation', 'No message that was given up has that id.');
  });
}

function addTest(alerts: Command, { configure, terminal }: CommandContext): void {
  const command = alerts.command('test').description('send a message that only tests the way');
  takesJson(takesSettings(command)).action(async (flags: AlertsFlags) => {
    const outcome = await (await configure(flags)).withService((service) => alertsOf(service).test());
    if (flags.json) terminal.json(outcome);
    if (!outcome.delivered) throw new ServiceError('network', `The message was not delivered: ${outcome.why}`);
    if (!flags.json) terminal.print('Delivered.');
  });
}

function alertsOf({ alerts }: BedrockIntegrationService): AlertAdministration {
  if (alerts) return alerts;
  throw new ServiceError('validation', 'No alerts are sent: BEDROCK_WEBHOOK_URL is not set.', {
    remedy: 'Set it to the URL that is to be told.',
  });
}

const shown = ({ id, alert, tries, why, failedAtMs }: DeadLetter) => ({
  id,
  type: alert.type,
  status: alert.status,
  summary: alert.summary,
  key: alert.key,
  tries,
  why,
  failed_at: new Date(failedAtMs).toISOString(),
});

function printDead(dead: readonly DeadLetter[], terminal: Terminal): void {
  if (dead.length === 0) {
    terminal.print('No message was given up.');
    return;
  }
  terminal.table(
    ['id', 'given up', 'tries', 'why', 'message'],
    dead.map(({ id, failedAtMs, tries, why, alert }) => [
      id,
      new Date(failedAtMs).toISOString().slice(0, 19),
      String(tries),
      terminal.foreign(why),
      terminal.foreign(alert.summary),
    ]),
  );
}
