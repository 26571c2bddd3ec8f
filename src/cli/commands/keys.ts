import type { Command } from 'commander';
import { type Scope, scopes } from '../../core/pipeline.js';
import type { ServeFlags } from '../arguments.js';
import { type CommandContext, takesJson, takesSettings } from '../command-context.js';
import type { NewApiKey, ShownApiKey } from '../dependencies.js';
import { usageFailure } from '../failures.js';
import type { Terminal } from '../terminal.js';

const dayMs = 86_400_000;

interface KeysFlags extends ServeFlags {
  readonly json?: boolean;
}

interface AddFlags extends KeysFlags {
  readonly scopes: string;
  readonly tenant?: string;
  readonly groups?: string;
  readonly models?: string;
  readonly dailyBudget?: string;
  readonly monthlyBudget?: string;
  readonly expires?: string;
}

export function addKeys(program: Command, context: CommandContext): void {
  const keys = program.command('keys').description('API keys of the HTTP transport, in BEDROCK_API_KEYS_FILE');
  addAdd(keys, context);
  addList(keys, context);
  addRevoke(keys, context);
}

function addAdd(keys: Command, { configure, terminal, clock }: CommandContext): void {
  const command = keys
    .command('add <name>')
    .description('make a key; it is shown once')
    .option('--scopes <list>', `${scopes.join(', ')}: look, spend, change the server`, 'read,invoke')
    .option('--tenant <name>', 'keys of one tenant share cached answers')
    .option('--groups <list>', 'groups of the caller')
    .option('--models <list>', 'the only models it may use')
    .option('--daily-budget <usd>', 'most that it may spend in a day')
    .option('--monthly-budget <usd>', 'most that it may spend in a month')
    .option('--expires <when>', 'a number of days, such as 90d, or a date');
  takesJson(takesSettings(command)).action(async (name: string, flags: AddFlags) => {
    const wanted = newKey(name, flags, clock.nowMs());
    const administration = (await configure(flags)).apiKeys();
    const key = await administration.add(wanted);
    if (flags.json) {
      terminal.json({ name, key });
      return;
    }
    terminal.print(key);
    terminal.note('Keep it now: only its hash is stored, and it is not shown again.');
  });
}

function addList(keys: Command, { configure, terminal, clock }: CommandContext): void {
  const command = keys.command('list').description('show the keys, without their secrets');
  takesJson(takesSettings(command)).action(async (flags: KeysFlags) => {
    const known = await (await configure(flags)).apiKeys().list();
    if (flags.json) terminal.json(known.map(({ sha256: _, ...shown }) => shown));
    else printKeys(known, clock.nowMs(), terminal);
  });
}

function addRevoke(keys: Command, { configure, terminal }: CommandContext): void {
  const command = keys.command('revoke <name>').description('take a key back; a running server notices at once');
  takesSettings(command).action(async (name: string, flags: ServeFlags) => {
    await (await configure(flags)).apiKeys().revoke(name);
    terminal.print(`Revoked: ${name}`);
  });
}

function newKey(name: string, flags: AddFlags, nowMs: number): NewApiKey {
  const { tenant, groups, models, dailyBudget, monthlyBudget, expires } = flags;
  return {
    name,
    scopes: listOf(flags.scopes).map(scopeOf),
    ...(tenant !== undefined && { tenant }),
    ...(groups !== undefined && { groups: listOf(groups) }),
    ...(models !== undefined && { allowed_models: listOf(models) }),
    ...(dailyBudget !== undefined && { daily_usd: usdOf('--daily-budget', dailyBudget) }),
    ...(monthlyBudget !== undefined && { monthly_usd: usdOf('--monthly-budget', monthlyBudget) }),
    ...(expires !== undefined && { expires_at: dateOf(expires, nowMs) }),
  };
}

const listOf = (text: string): string[] =>
  text
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '');

function scopeOf(name: string): Scope {
  const scope = scopes.find((known) => known === name);
  if (!scope) throw usageFailure(`--scopes takes ${scopes.join(', ')}; ${JSON.stringify(name)} is none of them.`);
  return scope;
}

function usdOf(flag: string, text: string): number {
  const amount = Number(text);
  if (text.trim() === '' || !(amount > 0 && amount <= 10_000_000)) {
    throw usageFailure(`${flag} takes an amount in USD above 0; ${JSON.stringify(text)} is none.`);
  }
  return amount;
}

function dateOf(text: string, nowMs: number): string {
  const days = /^(\d{1,4})d$/.exec(text)?.[1];
  const atMs = days === undefined ? Date.parse(text) : nowMs + Number(days) * dayMs;
  if (!(atMs > nowMs)) {
    throw usageFailure(`--expires takes a date to come or days such as 90d; ${JSON.stringify(text)} is neither.`);
  }
  return new Date(atMs).toISOString();
}

function printKeys(keys: readonly ShownApiKey[], nowMs: number, terminal: Terminal): void {
  terminal.table(
    ['name', 'scopes', 'tenant', 'groups', 'models', 'USD a day', 'expires'],
    keys.map((key) => [
      key.name,
      key.scopes.join(','),
      key.tenant ?? '(own)',
      key.groups?.join(',') ?? '',
      key.allowed_models?.join(',') ?? 'all',
      String(key.daily_usd ?? 'no limit'),
      expiryOf(key, nowMs),
    ]),
  );
}

function expiryOf({ expires_at: expires }: ShownApiKey, nowMs: number): string {
  if (expires === undefined) return 'never';
  return Date.parse(expires) > nowMs ? expires.slice(0, 10) : 'expired';
}
