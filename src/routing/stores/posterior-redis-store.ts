import { type RedisConnection, redisScript } from '../../storage/redis-connection.js';
import type { PosteriorStore } from '../posterior-sharing.js';
import { cellsPerModel, type PosteriorSnapshot } from '../quality-posteriors.js';

export interface PosteriorRedisOptions {
  readonly redis: RedisConnection;
  /** Names this process among those that share. */
  readonly process: string;
}

const evidenceKey = '{kairos-bedrock:posteriors:v1}';
const timeoutMs = 2_000;
const keptMs = { evidence: 90 * 86_400_000, number: 86_400_000 };
/** Of 500 models: counts and sums. */
const mostFields = 500 * cellsPerModel * 2;

/** Adds each amount to its field, unless the number was seen before; gives all fields. */
const merge = redisScript(`
if tonumber(redis.call('GET', KEYS[2]) or '0') < tonumber(ARGV[1]) then
  for at = 5, #ARGV, 2 do
    if redis.call('HEXISTS', KEYS[1], ARGV[at]) == 1 or redis.call('HLEN', KEYS[1]) < tonumber(ARGV[4]) then
      redis.call('HINCRBYFLOAT', KEYS[1], ARGV[at], ARGV[at + 1])
    end
  end
  redis.call('SET', KEYS[2], ARGV[1], 'PX', ARGV[3])
  redis.call('PEXPIRE', KEYS[1], ARGV[2])
end
return redis.call('HGETALL', KEYS[1])`);

/** One hash for all servers over one Redis; a field for each count and each sum, which only ever adds up. */
export function createPosteriorRedisStore({ redis, process }: PosteriorRedisOptions): PosteriorStore {
  const keys = [evidenceKey, `${evidenceKey}:merged:${process}`];
  const limits = [keptMs.evidence, keptMs.number, mostFields].map(String);
  return {
    merge: async (change, number) => {
      const args = [String(number), ...limits, ...amounts(change)];
      const fields = await redis.run((commands) => commands.evaluate(merge, keys, args), timeoutMs);
      return Array.isArray(fields) ? snapshotOf(fields.map(String)) : undefined;
    },
  };
}

function amounts({ bias, models }: PosteriorSnapshot): readonly string[] {
  const fields: (readonly [string, number])[] = [
    ['bias:count', bias.count],
    ['bias:sum', bias.sum],
  ];
  for (const [model, { counts, sums }] of Object.entries(models)) {
    counts.forEach((count, cell) => {
      fields.push([`count:${cell}:${model}`, count], [`sum:${cell}:${model}`, sums[cell] ?? 0]);
    });
  }
  return fields.filter(([, amount]) => amount !== 0).flatMap(([field, amount]) => [field, String(amount)]);
}

function snapshotOf(fields: readonly string[]): PosteriorSnapshot {
  const bias = { count: 0, sum: 0 };
  const models: Record<string, { counts: number[]; sums: number[] }> = {};
  for (let at = 0; at + 1 < fields.length; at += 2) {
    const amount = Number(fields[at + 1]);
    const [, part, cell, model] = /^(count|sum):(\d+):(.+)$/.exec(fields[at] ?? '') ?? [];
    if (!Number.isFinite(amount)) continue;
    if (fields[at] === 'bias:count') bias.count = amount;
    if (fields[at] === 'bias:sum') bias.sum = amount;
    if (model === undefined || Number(cell) >= cellsPerModel) continue;
    models[model] ??= { counts: emptyCells(), sums: emptyCells() };
    models[model][part === 'count' ? 'counts' : 'sums'][Number(cell)] = amount;
  }
  return { bias, models };
}

const emptyCells = (): number[] => Array.from({ length: cellsPerModel }, () => 0);
