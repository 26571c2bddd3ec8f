import type { Clock } from '../../core/clock.js';
import { type RedisConnection, redisScript } from '../../storage/redis-connection.js';
import type { Sealer } from '../../storage/sealer.js';
import { type DropRule, dropRule, mostRules } from '../drop-rules.js';
import { isOutOfMemory, isWrongType } from './redis-errors.js';
import { dropRuleChannel, dropRuleNames } from './redis-names.js';

/** How often the number of rules is looked at, in case a message was lost. */
const checkEveryMs = 400;
/** The same while it is not known yet. */
const retryEveryMs = 100;
/** Rules that wait for Redis to come back. */
const mostWaiting = 1_000;
const sealedAs = 'drop rule';

export interface SharedDropsOptions {
  readonly redis: RedisConnection;
  readonly clock: Clock;
  readonly sealer?: Sealer | undefined;
  /** A rule that another process made. */
  readonly onRule: (rule: DropRule) => void;
  /** All rules in force, oldest first: at the start, and when some may have been missed. */
  readonly onAll: (rules: readonly DropRule[]) => void;
}

/** Tells all processes what to drop: by messages, and by a number that each of them looks at. */
export interface SharedDrops {
  /** Handed on now, or when Redis is back. */
  announce(rule: DropRule): Promise<void>;
  /** False until the rules of the others are known: what Redis has must not be served before. */
  isCurrent(): boolean;
  close(): void;
}

/** KEYS list, version; ARGV rule, channel, most rules. The message is the version and the rule. */
const addRule = redisScript(`
if redis.call('TYPE', KEYS[1]).ok ~= 'list' then redis.call('DEL', KEYS[1]) end
local now = redis.pcall('GET', KEYS[2])
if type(now) ~= 'string' or #now > 15 or not string.match(now, '^%d+$') then redis.call('DEL', KEYS[2]) end
redis.call('RPUSH', KEYS[1], ARGV[1])
redis.call('LTRIM', KEYS[1], -tonumber(ARGV[3]), -1)
local version = redis.call('INCR', KEYS[2])
redis.call('PUBLISH', ARGV[2], version .. ' ' .. ARGV[1])
return version
`);

/** KEYS list, version: the number and all rules at one moment. */
const allRules = redisScript(`
local version = redis.pcall('GET', KEYS[2])
if type(version) ~= 'string' then version = '0' end
if redis.call('TYPE', KEYS[1]).ok ~= 'list' then return { version } end
return { version, unpack(redis.call('LRANGE', KEYS[1], 0, -1)) }
`);

export function createSharedDrops(options: SharedDropsOptions): SharedDrops {
  const { redis, clock, onRule, onAll } = options;
  const text = ruleText(options.sealer);
  const names = [dropRuleNames.list, dropRuleNames.version];
  const closed = new AbortController();
  const waiting = createWaitingRules((rule) =>
    redis.run(({ evaluate }) =>
      evaluate(addRule, names, [text.write(rule), dropRuleChannel, `${mostRules}`]).catch(undefinedWhenFull),
    ),
  );
  /** Undefined while it is not known what the others dropped. */
  let version: string | undefined;

  const load = async (): Promise<void> => {
    const found = await redis.run(({ evaluate }) => evaluate(allRules, names, []));
    if (!Array.isArray(found)) return;
    const [now, ...texts] = found.map(String);
    onAll(texts.flatMap((one) => text.read(one) ?? []));
    version = now;
  };
  const check = async (): Promise<void> => {
    await waiting.send();
    const now = await redis.run(
      async ({ send }) => (await send('GET', dropRuleNames.version).catch(noneOrThrow)) ?? '0',
    );
    if (now === undefined) version = undefined;
    else if (now !== version) await load();
  };
  const watch = async (): Promise<void> => {
    while (!closed.signal.aborted) {
      await check();
      await clock.sleep(version === undefined ? retryEveryMs : checkEveryMs, closed.signal);
    }
  };
  redis.subscribe(dropRuleChannel, (message) => {
    // The number is left as it is: the next look at it loads the whole list, so that none is missed.
    const rule = text.read(message.slice(message.indexOf(' ') + 1));
    if (rule) onRule(rule);
  });
  watch().catch(() => undefined);

  return {
    announce: async (rule) => {
      waiting.add(rule);
      await waiting.send();
    },
    isCurrent: () => version !== undefined && redis.inUse(),
    close: () => closed.abort(),
  };
}

/** Rules on their way to Redis, in their order; they stay until it has taken them. */
function createWaitingRules(send: (rule: DropRule) => Promise<unknown>) {
  let rules: readonly DropRule[] = [];
  let sending: Promise<void> | undefined;
  const sendAll = async (): Promise<void> => {
    for (let rule = rules[0]; rule; rule = rules[0]) {
      if ((await send(rule)) === undefined) return;
      const sent = rule;
      rules = rules.filter((one) => one !== sent);
    }
  };
  return {
    add: (rule: DropRule): void => {
      rules = [...(rules.length < mostWaiting ? rules : wholeTenants(rules)), rule];
    },
    send: (): Promise<void> => {
      sending ??= sendAll().finally(() => {
        sending = undefined;
      });
      return sending;
    },
  };
}

/** One rule for each tenant that takes everything: more than was asked for, and never less. */
function wholeTenants(rules: readonly DropRule[]): readonly DropRule[] {
  return [...new Map(rules.map(({ tenant, beforeMs }) => [tenant, { tenant, beforeMs }])).values()];
}

function ruleText(sealer: Sealer | undefined) {
  return {
    write: (rule: DropRule): string => {
      const json = Buffer.from(JSON.stringify(rule));
      return (sealer?.seal(json, sealedAs) ?? json).toString('base64');
    },
    /** Undefined for what is not a rule of ours. */
    read: (text: string): DropRule | undefined => {
      const bytes = Buffer.from(text, 'base64');
      const json = sealer ? sealer.open(bytes, sealedAs) : bytes;
      try {
        const value: unknown = JSON.parse(String(json));
        return dropRule.safeParse(value).data;
      } catch {
        return undefined;
      }
    },
  };
}

function undefinedWhenFull(error: unknown): undefined {
  if (!isOutOfMemory(error)) throw error;
}

/** Something else stands under our name: there are no rules. */
function noneOrThrow(error: unknown): undefined {
  if (!isWrongType(error)) throw error;
}
