import type { Command } from 'commander';
import { ServiceError } from '../../core/errors.js';
import type {
  BedrockIntegrationService,
  CacheAdministration,
  CacheSelection,
  WarmReport,
} from '../../core/integration-service.js';
import { type ModelRequest, modelRequest } from '../../core/request.js';
import type { ServeFlags } from '../arguments.js';
import { type CommandContext, takesJson, takesSettings } from '../command-context.js';
import { usageFailure } from '../failures.js';
import { createProgressBar } from '../progress-bar.js';
import { readNumber } from '../request-options.js';
import type { Terminal } from '../terminal.js';
import { money, warmView } from '../views.js';

const nanoPerUsd = 1e9;
const mostLines = 100_000;
const defaultThreshold = 0.6;

/** What a new process needs to connect; what it does without Redis would end with it. */
const connectionMs = 10_000;
const pauseMs = 50;

interface CommonFlags extends ServeFlags {
  readonly json?: boolean;
  readonly tenant: string;
}

interface WarmFlags extends CommonFlags {
  readonly perSecond: number;
  readonly maxCost?: number;
}

interface InvalidateFlags extends CommonFlags {
  readonly key?: string;
  readonly model?: string;
  readonly tag?: string;
  readonly session?: string;
  readonly caller?: string;
  readonly olderThan?: number;
  readonly similarTo?: string;
  readonly threshold?: number;
  readonly all?: boolean;
}

export function addCache(program: Command, context: CommandContext): void {
  const cache = program.command('cache').description('fill, look at and empty the cache of answers');
  addWarm(cache, context);
  addStats(cache, context);
  addInvalidate(cache, context);
}

function addWarm(cache: Command, context: CommandContext): void {
  const { configure, terminal, readFile, signal, stderr } = context;
  const command = cache
    .command('warm')
    .description(
      'ask the requests of a file, so that their answers are in the shared cache; begin again where it ended',
    )
    .argument('<file>', 'JSONL: one request a line, as bedrock_invoke takes it')
    .option('--per-second <number>', 'requests asked in a second', readNumber, 2)
    .option('--max-cost <usd>', 'end when all together have cost so much', readNumber);
  takesCommon(command).action(async (file: string, flags: WarmFlags) => {
    const { perSecond, maxCost } = flags;
    if (!(perSecond > 0)) throw usageFailure('--per-second must be above 0.');
    const requests = requestsIn(file, await readFile(file));
    const configuration = await configure(flags);
    const report = await configuration.withService(async (service) => {
      const cache = await sharedCache(service, context);
      const bar = createProgressBar(stderr, requests.length);
      const plan = {
        requests,
        perSecond,
        ...(maxCost !== undefined && { maxCost: Math.round(maxCost * nanoPerUsd) }),
        onDone: (_: number, done: number) => bar.update(done),
      };
      return cache.warm(plan, { tool: 'cli_cache_warm', caller: callerOf(flags), signal }).finally(bar.stop);
    });
    if (flags.json) terminal.json(warmView(report));
    else printWarmed(report, terminal);
    const { failed, stopped } = report;
    if (failed > 0 || stopped !== undefined) throw unfinished(report);
  });
}

function addStats(cache: Command, context: CommandContext): void {
  const { configure, terminal } = context;
  const command = cache
    .command('stats')
    .description(
      'show whether the shared cache is in use; what a running server did with it, its tool bedrock_cache says',
    );
  takesCommon(command).action(async (flags: CommonFlags) => {
    const configuration = await configure(flags);
    const { bytes, entries, maxBytes, shared } = await configuration.withService(async (service) =>
      (await sharedCache(service, context)).stats(callerOf(flags)),
    );
    const redis = { in_use: shared?.inUse ?? false, lost_writes: shared?.lostWrites ?? 0 };
    if (flags.json) terminal.json({ redis, bytes, entries, max_bytes: maxBytes });
    else terminal.print(`Redis is in use; a server keeps up to ${maxBytes} bytes of answers in its memory beside it.`);
  });
}

function addInvalidate(cache: Command, context: CommandContext): void {
  const { configure, terminal } = context;
  const command = cache
    .command('invalidate')
    .description('drop answers of a tenant on all servers that share a Redis; all that is given has to hold')
    .option('--key <key>', 'the answer of this key')
    .option('--model <model>', 'answers of this model')
    .option('--tag <name[=value]>', 'answers to requests with this tag')
    .option('--session <id>', 'answers within this session')
    .option('--caller <id>', 'answers that this caller had made')
    .option('--older-than <seconds>', 'answers of so long ago', readNumber)
    .option('--similar-to <text>', 'answers to questions like this one')
    .option('--threshold <number>', `how like it, 0 to 1; default ${defaultThreshold}`, readNumber)
    .option('--all', 'everything');
  takesCommon(command).action(async (flags: InvalidateFlags) => {
    const selection = selectionOf(flags);
    if (Object.keys(selection).length === 0 && !flags.all) {
      throw usageFailure('Nothing says what to drop: give one of the options, or --all.');
    }
    const configuration = await configure(flags);
    await configuration.withService(async (service) =>
      (await sharedCache(service, context)).invalidate(selection, callerOf(flags), false),
    );
    if (flags.json) terminal.json({ dropped: true });
    else terminal.print('Dropped on all servers that share the Redis.');
  });
}

/** `--tenant`: keys and answers belong to one; servers without authentication have a single tenant, `local`. */
function takesCommon(command: Command): Command {
  return takesJson(takesSettings(command)).option('--tenant <name>', 'whose answers', 'local');
}

const callerOf = ({ tenant }: CommonFlags) => ({ id: 'command-line', tenant });

/** The cache once its Redis answers: this process has no other that would outlive it. */
async function sharedCache(
  { cache }: BedrockIntegrationService,
  { clock, signal }: CommandContext,
): Promise<CacheAdministration> {
  const state = () => cache?.stats({ id: 'command-line', tenant: 'local' }).shared;
  if (!cache || !state()) throw new ServiceError('validation', 'There is no cache that servers share.', noRedis);
  const endMs = clock.monotonicMs() + connectionMs;
  while (!state()?.inUse) {
    if (clock.monotonicMs() >= endMs)
      throw new ServiceError('network', 'The Redis of BEDROCK_REDIS_URL does not answer.');
    await clock.sleep(pauseMs, signal);
  }
  return cache;
}

const noRedis = {
  remedy: 'Set BEDROCK_REDIS_URL to the Redis of the servers; the built-in sandbox uses none.',
};

function unfinished({ failed, stopped }: WarmReport): ServiceError {
  const why = [failed > 0 && `${failed} failed`, stopped && `stopped (${stopped})`].filter(Boolean).join(', ');
  return new ServiceError(
    stopped === 'budget' ? 'budget_exceeded' : 'model_error',
    `Not everything was asked: ${why}.`,
    {
      remedy: 'Run the command again: answers that are in the shared cache are not asked for again.',
    },
  );
}

/** The requests of a JSONL text; a wrong line ends the command with exit code 2 before anything is asked. */
function requestsIn(file: string, text: string): readonly ModelRequest[] {
  const lines = text.split('\n').flatMap((line, index) => (line.trim() === '' ? [] : [{ line, number: index + 1 }]));
  if (lines.length === 0) throw usageFailure(`${file} holds no request.`);
  if (lines.length > mostLines) throw usageFailure(`${file} holds more than ${mostLines} requests.`);
  return lines.map(({ line, number }) => {
    const parsed = modelRequest.safeParse(parseJson(line));
    if (parsed.success) return parsed.data;
    const [issue] = parsed.error.issues;
    throw usageFailure(
      `${file}, line ${number}: ${[issue?.path.join('.'), issue?.message].filter(Boolean).join(': ')}`,
    );
  });
}

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

function selectionOf(flags: InvalidateFlags): CacheSelection {
  const { key, model, session, caller, olderThan, similarTo, threshold = defaultThreshold } = flags;
  const [name = '', value] = flags.tag?.split(/=(.*)/s) ?? [];
  return {
    ...(key !== undefined && { key }),
    ...(model !== undefined && { model }),
    ...(session !== undefined && { session }),
    ...(caller !== undefined && { caller }),
    ...(olderThan !== undefined && { olderThanSeconds: olderThan }),
    ...(flags.tag !== undefined && { tag: { name, ...(value !== undefined && { value }) } }),
    ...(similarTo !== undefined && { similar: { text: similarTo, threshold } }),
  };
}

function printWarmed(report: WarmReport, terminal: Terminal): void {
  const { total, made, present, skipped, failed, cost, failures } = report;
  terminal.print(
    `${total} requests: ${made} made, ${present} were there, ${skipped} not kept by the cache, ${failed} failed; ${money(cost)}`,
  );
  for (const { index, message } of failures) terminal.note(`request ${index + 1}: ${message}`);
}
