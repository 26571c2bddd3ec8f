import { createCacheManager } from '../../src/caching/cache-manager.js';
import { createCacheStage } from '../../src/caching/cache-stage.js';
import { createCacheStatistics } from '../../src/caching/cache-statistics.js';
import { createHotRequests } from '../../src/caching/hot-requests.js';
import { systemClock as clock, systemRandom as random } from '../../src/core/clock.js';
import { attemptBudget, type CallContext } from '../../src/core/pipeline.js';
import { type ModelRequest, modelRequest } from '../../src/core/request.js';
import { type ModelResponse, noUsage } from '../../src/core/response.js';
import { modelId, region } from '../../src/core/target.js';
import { percentile } from '../lab/application.js';

export const hitTimeBarMicroseconds = 50;
const questions = 5_000;
const warmUpHits = 20_000;
const hits = 50_000;

export interface TimeFigures {
  readonly what: string;
  readonly p50Microseconds: number;
  readonly p99Microseconds: number;
}

/** Times of hits in memory: of the look-up alone, and of the whole stage with the key of the question. */
export async function measureHitTimes(): Promise<readonly TimeFigures[]> {
  const onServerEvent = () => undefined;
  const cache = createCacheManager({ memory: { maxBytes: 100_000_000 }, clock, onServerEvent });
  const keys: string[] = [];
  const stage = createCacheStage({
    cache: { ...cache, set: (key, entry) => cache.set(keys[keys.push(key) - 1] ?? key, entry) },
    rules,
    statistics: createCacheStatistics(),
    hot: createHotRequests(),
    clock,
    random,
    policyVersion: '1',
    renew: () => Promise.reject(new Error('nothing is renewed here')),
  });
  const ask = stage(async () => answer);
  const asked = Array.from({ length: questions }, (_, index) => question(index));
  for (const request of asked) await ask(request, context());
  const pick = <T>(all: readonly T[]): T => all[Math.floor(random.next() * all.length)] as T;
  return [
    await timesOf(
      'look-up',
      () => cache.get(pick(keys)),
      (found) => found?.tier === 'memory',
    ),
    await timesOf(
      'stage',
      () => ask(pick(asked), context()),
      ({ source }) => source === 'cache',
    ),
  ];
}

const rules = {
  ttlSeconds: 3_600,
  staticTtlSeconds: 3_600,
  include: [],
  excludedCallers: [],
  staleWhileRevalidateSeconds: 0,
  staleIfErrorSeconds: 0,
  keepSandboxAnswers: false,
};

const answer: ModelResponse = {
  content: [{ type: 'text', text: 'An answer of a few sentences. '.repeat(20) }],
  stopReason: 'end_turn',
  usage: { ...noUsage, inputTokens: 200, outputTokens: 150, totalTokens: 350 },
  served: { model: modelId('amazon.nova-lite-v1:0'), region: region('us-east-1') },
  source: 'bedrock',
  cost: { nanoUsd: 48_000, estimated: false },
  notices: [],
};

const question = (index: number): ModelRequest =>
  modelRequest.parse({
    prompt: `Summarise report ${index} for a reader in a hurry. ${'It says what reports say. '.repeat(20)}`,
    system: 'You write short summaries.',
    model: 'amazon.nova-lite-v1:0',
    max_tokens: 300,
  });

const context = (): CallContext => ({
  requestId: 'bench',
  tool: 'bench',
  caller: { id: 'bench', tenant: 'bench' },
  signal: new AbortController().signal,
  deadlineMs: Number.POSITIVE_INFINITY,
  attempts: attemptBudget(1),
  record: () => undefined,
});

async function timesOf<T>(what: string, work: () => Promise<T>, isHit: (result: T) => boolean): Promise<TimeFigures> {
  const times: number[] = [];
  for (let index = 0; index < warmUpHits + hits; index += 1) {
    const startedAt = performance.now();
    const result = await work();
    const took = performance.now() - startedAt;
    if (!isHit(result)) throw new Error(`${what}: that was no hit`);
    if (index >= warmUpHits) times.push(took * 1_000);
  }
  const at = (share: number) => Number(percentile(times, share).toFixed(1));
  return { what, p50Microseconds: at(0.5), p99Microseconds: at(0.99) };
}
