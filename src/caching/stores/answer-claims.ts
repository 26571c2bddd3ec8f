import { type RedisConnection, redisScript } from '../../storage/redis-connection.js';
import type { Sealer } from '../../storage/sealer.js';
import { isOutOfMemory } from './redis-errors.js';
import { answerNames } from './redis-names.js';

/** The right to make an answer for all processes; a later one has a higher token. */
export interface Claim {
  readonly token: number;
}

/** `taken`: another process makes it. `unknown`: Redis cannot say, so that everybody is on its own. */
export type ClaimOutcome = Claim | 'taken' | 'unknown';

/** Locks in Redis that say which process makes an answer. No member rejects. */
export interface AnswerClaims {
  /** What Redis may take for each of these, milliseconds. */
  readonly timeoutMs: number;
  /** `forMs`: how long making it may take; the fence outlives it. `limitMs`: how long Redis may take. */
  claim(key: string, forMs: number, limitMs?: number): Promise<ClaimOutcome>;
  /** A token without the lock, for an answer that is made anew although one is there. */
  overtake(key: string, forMs: number): Promise<Claim | undefined>;
  /** Keeps the lock for another lease. */
  renew(key: string, claim: Claim): Promise<void>;
  release(key: string, claim: Claim): Promise<void>;
}

/** A process that dies holds its locks for so long. */
export const leaseMs = 6_000;
const fenceGraceMs = 60_000;
/** A call without a deadline must not leave a fence for ever. */
const longestMs = 3_600_000;

/** KEYS lock, fence; ARGV lease, life of the fence, '1' to need the lock. Foreign values under our names are dropped. */
const takeToken = redisScript(`
if ARGV[3] == '1' and redis.call('EXISTS', KEYS[1]) == 1 then
  if redis.call('TYPE', KEYS[1]).ok == 'string' and redis.call('PTTL', KEYS[1]) > 0 then return 0 end
  redis.call('DEL', KEYS[1])
end
if redis.call('TYPE', KEYS[2]).ok ~= 'hash' then redis.call('DEL', KEYS[2]) end
local issued = redis.call('HGET', KEYS[2], 'issued') or '0'
if #issued > 15 or not string.match(issued, '^%d+$') then redis.call('DEL', KEYS[2]) end
local token = redis.call('HINCRBY', KEYS[2], 'issued', 1)
if redis.call('PTTL', KEYS[2]) < tonumber(ARGV[2]) then redis.call('PEXPIRE', KEYS[2], ARGV[2]) end
if ARGV[3] == '1' then redis.call('SET', KEYS[1], token, 'PX', ARGV[1]) end
return token
`);

/** KEYS lock; ARGV token, lease (0: let go). */
const keepLock = redisScript(`
if redis.call('TYPE', KEYS[1]).ok ~= 'string' or redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
if ARGV[2] == '0' then return redis.call('DEL', KEYS[1]) end
return redis.call('PEXPIRE', KEYS[1], ARGV[2])
`);

export interface AnswerClaimsOptions {
  readonly redis: RedisConnection;
  readonly sealer?: Sealer | undefined;
}

export function createAnswerClaims({ redis, sealer }: AnswerClaimsOptions): AnswerClaims {
  const token = (key: string, needsLock: boolean, forMs: number, limitMs?: number) =>
    redis.run(async ({ evaluate }) => {
      const [{ lock, fence }] = answerNames(key, sealer);
      const life = `${Math.ceil(Math.min(forMs, longestMs)) + fenceGraceMs}`;
      const taken = evaluate(takeToken, [lock, fence], [`${leaseMs}`, life, needsLock ? '1' : '0']);
      return Number(await taken.catch(nothingOrThrow));
    }, limitMs);
  const keep = async (key: string, claim: Claim, lease: number): Promise<void> => {
    const [{ lock }] = answerNames(key, sealer);
    await redis.run(({ evaluate }) => evaluate(keepLock, [lock], [`${claim.token}`, `${lease}`]).catch(nothingOrThrow));
  };
  return {
    timeoutMs: redis.timeoutMs,
    claim: async (key, forMs, limitMs) => {
      const number = await token(key, true, forMs, limitMs);
      if (number === undefined || Number.isNaN(number)) return 'unknown';
      return number === 0 ? 'taken' : { token: number };
    },
    overtake: async (key, forMs) => {
      const number = await token(key, false, forMs);
      return number ? { token: number } : undefined;
    },
    renew: (key, claim) => keep(key, claim, leaseMs),
    release: (key, claim) => keep(key, claim, 0),
  };
}

/** Not a number: a full Redis has no room for a lock, and that is all that is wrong with it. */
function nothingOrThrow(error: unknown): undefined {
  if (!isOutOfMemory(error)) throw error;
}
