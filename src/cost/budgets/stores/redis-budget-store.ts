import { ServiceError } from '../../../core/errors.js';
import type { RedisConnection, RedisScript } from '../../../storage/redis-connection.js';
import type {
  AlertFlags,
  BookingLine,
  BudgetStore,
  CounterState,
  HoldLine,
  HoldOutcome,
  Seed,
} from '../budget-store.js';
import {
  epochScript,
  holdScript,
  renewScript,
  seedScript,
  settleScript,
  statesScript,
  unseedScript,
} from './budget-scripts.js';

const defaultPrefix = 'kairos-bedrock:{budgets}:';
/** A late booking finds its counter for so long after the window is over. */
const keptAfterMs = 3 * 86_400_000;
/** Longer than the caches allow: what is waited for here is a decision about money. */
const timeoutMs = 250;
const separator = '\u0000';

export interface RedisBudgetStoreOptions {
  readonly redis: Pick<RedisConnection, 'run'>;
  /** Wall clock, for the expiry of counters. */
  readonly nowMs: () => number;
  /** Of the ledger that this server books in: its rows are the truth for its part of the counters, and no other. */
  readonly ledgerId: string;
  /** With a hash tag in it. */
  readonly prefix?: string;
}

/** Counters in Redis, shared by all replicas; the clock of Redis decides about leases. */
export function createRedisBudgetStore(options: RedisBudgetStoreOptions): BudgetStore & AlertFlags {
  const { redis, nowMs, ledgerId, prefix = defaultPrefix } = options;
  const run = async (script: RedisScript, args: readonly string[]): Promise<readonly string[]> => {
    const reply = await redis.run(
      (commands) => commands.evaluate(script, [`${prefix}leases`], [prefix, ledgerId, ...args]),
      timeoutMs,
    );
    return textsIn(reply);
  };
  const command = async (...words: readonly string[]): Promise<unknown> => {
    const reply = await redis.run((commands) => commands.send(...words), timeoutMs);
    if (reply === undefined) throw storeAway();
    return reply;
  };
  const alerts = `${prefix}alerts`;

  return {
    hold: async (id, leaseMs, lines) => holdOutcome(await run(holdScript, [id, whole(leaseMs), ...holdWords(lines)])),
    renew: async (id, leaseMs, lines) => {
      await run(renewScript, [id, whole(leaseMs), ...lines.flatMap(bookingWords)]);
    },
    settle: async (id, lines) => {
      const [outcome, ...rest] = await run(settleScript, [id, ...lines.flatMap(bookingWords)]);
      return outcome === 'unseeded' ? { unseeded: rest, states: [] } : { unseeded: [], states: statesIn(rest) };
    },
    seed: async (seed) => {
      await run(seedScript, seedWords(seed, nowMs()));
    },
    unseed: async (counter, spent) => {
      await run(unseedScript, [counter, whole(spent)]);
    },
    states: async (counters) => {
      if (counters.length === 0) return [];
      const words = await run(statesScript, counters);
      return statesIn(words).map((state, index) => (words[3 * index + 2] === '' ? undefined : state));
    },
    epoch: async () => (await run(epochScript, []))[0] ?? '',
    raise: async (counter, alert) =>
      (await command('HSETNX', alerts, counter + separator + alert, whole(nowMs()))) === 1,
    lower: async (counter, alert) => (await command('HDEL', alerts, counter + separator + alert)) === 1,
    raised: async () => {
      const fields = await command('HKEYS', alerts);
      return (Array.isArray(fields) ? fields : []).map((field) => {
        const [counter = '', alert = ''] = String(field).split(separator);
        return { counter, alert };
      });
    },
  };
}

const storeAway = (): ServiceError =>
  new ServiceError('internal', 'The budgets cannot be checked, because Redis cannot be reached.', {
    remedy: 'The operator has to check the Redis of BEDROCK_REDIS_URL.',
  });

const whole = (value: number): string => String(Math.round(value));

const holdWords = (lines: readonly HoldLine[]): string[] =>
  lines.flatMap(({ counter, amount, limit }) => [counter, whole(amount), limit === undefined ? '' : whole(limit)]);

const bookingWords = ({ counter, amount }: BookingLine): string[] => [counter, whole(amount)];

function seedWords({ counter, endsAtMs, spent, booked, open }: Seed, nowMs: number): string[] {
  const expiresAtMs = Math.max(endsAtMs, nowMs) + keptAfterMs;
  const holds = open.flatMap(({ id, amount, leaseMs }) => [id, whole(amount), whole(leaseMs)]);
  return [counter, whole(expiresAtMs), whole(spent), String(booked.length), ...booked, ...holds];
}

function textsIn(reply: unknown): readonly string[] {
  if (!Array.isArray(reply)) throw storeAway();
  return reply.map(String);
}

function holdOutcome([outcome, second = '', ...rest]: readonly string[]): HoldOutcome {
  switch (outcome) {
    case 'admitted':
      return { outcome, states: statesIn(rest) };
    case 'refused': {
      const refused = second.split(',').filter((index) => index !== '');
      return { outcome, refused: refused.map(Number), states: statesIn(rest) };
    }
    case 'unseeded':
      return { outcome, counters: [second, ...rest] };
    case 'settled':
      return { outcome };
    default:
      throw storeAway();
  }
}

function statesIn(words: readonly string[]): CounterState[] {
  const states: CounterState[] = [];
  for (let index = 0; index + 2 < words.length; index += 3) {
    const [spent, reserved, own] = words.slice(index, index + 3).map(Number);
    states.push({ spent: spent ?? 0, reserved: reserved ?? 0, own: own ?? 0 });
  }
  return states;
}
