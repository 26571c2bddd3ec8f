import type { Command } from 'commander';
import { Option } from 'commander';
import {
  type ClientId,
  clientIds,
  clients,
  configurationFile,
  type McpClient,
  type Scope,
} from '../clients/client-list.js';
import type { Addition } from '../clients/merge.js';
import { mergeJson } from '../clients/merge-json.js';
import { mergeToml } from '../clients/merge-toml.js';
import { serverEntry, serverName } from '../clients/server-entry.js';
import { type WriteOutcome, writeConfiguration } from '../clients/write-configuration.js';
import type { CommandContext } from '../command-context.js';
import { saidFailure, usageFailure } from '../failures.js';
import type { Terminal } from '../terminal.js';

interface InitFlags {
  readonly scope?: Scope;
  readonly env?: readonly string[];
  readonly region?: string;
  readonly profile?: string;
  readonly sandbox?: boolean;
  readonly print?: boolean;
  readonly json?: boolean;
}

const mergers = { json: mergeJson, toml: mergeToml };

export function addInit(program: Command, context: CommandContext): void {
  program
    .command('init')
    .argument('[client]', `one of ${clientIds.join(', ')}; without it they are listed`)
    .description('connect a client: adds this server to its configuration and keeps what is there')
    .addOption(new Option('--scope <scope>', 'file of the user or of the project').choices(['user', 'project']))
    .option('--env <name=value...>', 'environment of the server; may be given several times')
    .option('--region <region>', 'AWS region')
    .option('--profile <name>', 'AWS profile with the credentials')
    .option('--sandbox', 'connect to the built-in stand-in for Bedrock')
    .option('--print', 'print what would be added, and write nothing')
    .option('--json', 'print JSON')
    .action(async (name: string | undefined, flags: InitFlags) => {
      if (name === undefined) listClients(context);
      else await connect(context, clientId(name), flags);
    });
}

function listClients({ terminal, installation: { places } }: CommandContext): void {
  const rows = clientIds.map((id) => [
    id,
    clients[id].title,
    configurationFile(clients[id], clients[id].scope, places) ?? '',
  ]);
  terminal.table(['client', '', 'file'], rows);
  terminal.note(
    '`kairos-bedrock-mcp init <client>` adds this server to that file; `--print` only shows what it would add.',
  );
}

function clientId(name: string): ClientId {
  const found = clientIds.find((id) => id === name);
  if (found) return found;
  throw usageFailure(`There is no client "${name}". Known: ${clientIds.join(', ')}.`);
}

async function connect(context: CommandContext, id: ClientId, flags: InitFlags): Promise<void> {
  const { terminal, installation, clock } = context;
  const client: McpClient = clients[id];
  const scope = flags.scope ?? client.scope;
  const file = configurationFile(client, scope, installation.places);
  if (file === undefined) throw usageFailure(`${client.title} has no configuration file for --scope ${scope}.`);
  const env = environmentOf(flags);
  await context.checkSettings(env);
  const server = serverEntry(installation, env, flags.sandbox ? ['serve', '--sandbox'] : []);
  const addition = { section: client.section, name: serverName, entry: { ...client.extra, ...server } };
  const merge = (text: string) => mergers[client.format](text, addition);
  if (flags.print) {
    printAddition(terminal, client, addition);
    return;
  }
  const outcome = await writeConfiguration(file, merge, new Date(clock.nowMs())).catch(
    (error: NodeJS.ErrnoException) => {
      throw usageFailure(
        `${file} cannot be written: ${error.code ?? 'unknown error'}. Use --print and add it by hand.`,
      );
    },
  );
  if (flags.json) terminal.json({ client: id, scope, ...outcome });
  else tell(terminal, client, outcome, installation.harmlessTools);
  if (outcome.state === 'refused') throw saidFailure();
}

function printAddition(terminal: Terminal, client: McpClient, addition: Addition): void {
  const empty = mergers[client.format]('', addition);
  if ('text' in empty) terminal.print(empty.text.trimEnd());
}

/** Keys belong where AWS keeps them: a client's file is shown, synchronised and committed. */
const secretNames = /SECRET|TOKEN|PASSWORD|ACCESS_KEY|ENCRYPTION_KEY/;

function environmentOf({ env = [], region, profile }: InitFlags): Record<string, string> {
  const pairs = env.map((pair): readonly [string, string] => {
    const [, name, value] = /^([A-Za-z_]\w*)=(.*)$/s.exec(pair) ?? [];
    if (name === undefined || value === undefined) throw usageFailure(`--env takes NAME=VALUE, not "${pair}".`);
    if (secretNames.test(name))
      throw usageFailure(
        `${name} is a secret and is not written into a client's file. Use --profile, or an AWS profile that has it.`,
      );
    return [name, value];
  });
  return {
    ...(region !== undefined && { AWS_BEDROCK_REGION: region }),
    ...(profile !== undefined && { AWS_PROFILE: profile }),
    ...Object.fromEntries(pairs),
  };
}

function tell(terminal: Terminal, client: McpClient, outcome: WriteOutcome, harmlessTools: readonly string[]): void {
  if (outcome.state === 'refused') {
    terminal.note(terminal.style('red', `${outcome.file} was left alone: ${outcome.problem}.`));
    terminal.note('Put it right, or use --print and add the server by hand.');
    return;
  }
  if (outcome.state === 'unchanged') {
    terminal.print(`${client.title} knows this server already: ${outcome.file}`);
    return;
  }
  terminal.print(`${terminal.style('green', 'Written')}: ${outcome.file}`);
  if (outcome.backup !== undefined) terminal.print(`What was there before: ${outcome.backup}`);
  terminal.print(client.next);
  terminal.note(`Tools that only read and never spend, safe to approve for good: ${harmlessTools.join(', ')}.`);
}
