import { createBatch } from '../../src/batch.js';
import { type CallRecord, foldEvent, newCallRecord } from '../../src/core/call-record.js';
import { type Clock, systemClock } from '../../src/core/clock.js';
import type { CostQuery, CostReport } from '../../src/core/cost-report.js';
import { abortedError, type ServiceError } from '../../src/core/errors.js';
import type { CallEvent } from '../../src/core/events.js';
import type {
  BedrockIntegrationService,
  CallOptions,
  Feedback,
  HealthReport,
  ModelFilter,
  ModelSummary,
} from '../../src/core/integration-service.js';
import type { SpendGroup } from '../../src/core/ledger.js';
import { modelSchema } from '../../src/core/model.js';
import type { ContentBlock, ModelRequest } from '../../src/core/request.js';
import { type ModelResponse, noUsage, type Usage } from '../../src/core/response.js';
import type { RoutingDecision } from '../../src/core/routing.js';
import { modelId, profileId, region, type Target } from '../../src/core/target.js';
import { callMemory } from './call-memory.js';

export const firstTarget: Target = {
  model: modelId('amazon.nova-pro-v1:0'),
  region: region('us-east-1'),
  profile: profileId('us.amazon.nova-pro-v1:0'),
};
export const secondTarget: Target = { model: modelId('meta.llama3-8b-instruct-v1:0'), region: region('us-west-2') };

/** What a test tells the fake to do with calls that come from now on. */
export interface FakeBehaviour {
  /** Every member throws it. */
  error?: unknown;
  /** `invoke` waits until its signal is aborted. */
  hang?: boolean;
  /** `invoke` waits for it. */
  gate?: Promise<unknown>;
  /** Told to the caller's `onEvent` while `invoke` runs, before it waits. */
  events?: readonly CallEvent[];
  response?: Partial<ModelResponse>;
  record?: Partial<CallRecord>;
  health?: Partial<HealthReport>;
  decision?: Partial<RoutingDecision>;
}

export interface FakeService extends BedrockIntegrationService {
  behaviour: FakeBehaviour;
  readonly invocations: { request: ModelRequest; options: CallOptions; aborted: boolean }[];
  readonly ratings: Feedback[];
  readonly costQueries: CostQuery[];
  readonly modelFilters: ModelFilter[];
}

export const decision: RoutingDecision = {
  task: 'code',
  confidence: 0.82,
  complexity: { score: 0.4, level: 'medium' },
  optimize: 'balanced',
  strategy: 'balanced',
  policyVersion: '1',
  alternatives: {},
  conversation: 1,
  fingerprint: 2,
  candidates: [
    {
      target: firstTarget,
      rank: 1,
      score: 0.9,
      parts: { quality: 0.9, prior: 0.9, cost: 0.02, latency: 0.01, failure: 0, affinity: 0 },
      estimatedCost: 1_200_000,
      expectedLatencyMs: 800.4,
      healthy: true,
      reasons: ['good at code'],
    },
    {
      target: secondTarget,
      rank: 2,
      score: 0.5,
      parts: { quality: 0.9, prior: 0.9, cost: 0.02, latency: 0.01, failure: 0, affinity: 0 },
      healthy: false,
      reasons: ['cheap'],
    },
  ],
  excluded: [{ model: 'ai21.j2-ultra-v1', reason: 'retired' }],
  reasons: ['the prompt asks for code'],
  notices: [],
  inputTokens: 12,
  maxTokens: 4_096,
  decisionMicroseconds: 91.4,
};

export const usage: Usage = { ...noUsage, inputTokens: 10, outputTokens: 5, totalTokens: 15 };

function lastText(request: ModelRequest): string {
  const content = request.messages.at(-1)?.content ?? '';
  if (typeof content === 'string') return content;
  return content.map((block: ContentBlock) => (block.type === 'text' ? block.text : '')).join('');
}

function spendGroup(key: string, cost: number): SpendGroup {
  return { key, calls: 2, cost, saved: 500_000, promptCacheSaved: 0, routingSaved: 0, usage };
}

const money = { unit: 'usd', period: 'month', hard: true } as const;
const report: CostReport = {
  totals: spendGroup('', 2_500_000_000),
  groups: [spendGroup('amazon.nova-pro-v1:0', 1_500_000_000), spendGroup('=HYPERLINK("x"),y', 1_000_000_000)],
  series: [spendGroup('2026-11-22T00', 2_500_000_000)],
  budgets: [
    {
      scope: 'daily',
      unit: 'usd',
      period: 'day',
      hard: true,
      limit: 5_000_000_000,
      spent: 2_500_000_000,
      reserved: 500_000_000,
      state: 'open',
      resetsAtMs: Date.UTC(2026, 10, 23),
    },
    {
      ...money,
      scope: 'month',
      spent: 2_500_000_000,
      reserved: 0,
      state: 'unlimited',
      resetsAtMs: Date.UTC(2026, 11, 1),
    },
  ],
  forecast: { cost: 4_000_000_000, basis: 'pace', days: 0 },
};

const healthReport: HealthReport = {
  status: 'degraded',
  checks: [
    { name: 'credentials', status: 'healthy', detail: 'found', checkedAtMs: 0 },
    { name: 'cache', status: 'degraded', detail: 'Redis is away', remedy: 'Start Redis.', checkedAtMs: 1_000 },
  ],
  breakers: [
    { target: firstTarget, state: 'open', why: 'too many errors', retryAfterMs: 4_999.5 },
    { target: secondTarget, state: 'closed' },
  ],
  performance: [{ target: firstTarget, calls: 3, errorRate: 0.33, latencyMs: 700.4, timeToFirstTokenMs: 99.6 }],
  version: '1.2.3',
  uptimeSeconds: 12.3,
};

const nova = modelSchema.parse({
  id: 'amazon.nova-pro-v1:0',
  name: 'Nova Pro',
  provider: 'amazon',
  family: 'nova',
  kind: 'chat',
  lifecycle: { status: 'ACTIVE', launch: '2024-12-03' },
  callable: true,
  profiles: { us: 'us.amazon.nova-pro-v1:0' },
  contextWindow: 300_000,
  maxOutput: 10_000,
  input: ['text', 'image'],
  output: ['text'],
  converse: true,
  converseStream: true,
  system: true,
  tools: true,
  promptCaching: { supported: true },
});
const jurassic = modelSchema.parse({
  id: 'ai21.j2-ultra-v1',
  provider: 'ai21',
  family: 'jurassic2',
  kind: 'chat',
  lifecycle: { status: 'EOL', legacy: '2024-04-30', eol: '2025-03-12', successors: ['ai21.jamba-1-5-large-v1:0'] },
  callable: false,
  input: ['text'],
  output: ['text'],
  converse: true,
  converseStream: false,
});

const summaries: readonly ModelSummary[] = [
  {
    model: nova,
    targets: [firstTarget, firstTarget],
    price: { inputUsdPerMillion: 0.8, outputUsdPerMillion: 3.2, assumed: false, source: 'list' },
    performance: { calls: 3, errorRate: 0, latencyMs: 700.4, timeToFirstTokenMs: 99.6 },
  },
  { model: jurassic, targets: [], refusal: 'retired by AWS' },
];

/** An in-memory service for the tests of tools and server: plausible answers, and whatever trouble a test wants. */
export function createFakeService(clock: Clock = systemClock): FakeService {
  let calls = 0;

  async function answer<Value>(value: Value): Promise<Value> {
    if (fake.behaviour.error !== undefined) throw fake.behaviour.error as ServiceError;
    return value;
  }

  async function invoke(request: ModelRequest, options: CallOptions) {
    calls += 1;
    const call = { request, options, aborted: false };
    fake.invocations.push(call);
    const { behaviour } = fake;
    const { signal } = options;
    signal.addEventListener('abort', () => {
      call.aborted = true;
    });
    let record = newCallRecord(`request-${calls}`);
    for (const event of behaviour.events ?? []) {
      record = foldEvent(record, event);
      options.onEvent?.(event);
    }
    await answer(undefined);
    await behaviour.gate;
    if (behaviour.hang) await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
    if (signal.aborted) throw abortedError(signal);
    const response: ModelResponse = {
      content: [{ type: 'text', text: `echo: ${lastText(request)}` }],
      stopReason: 'end_turn',
      usage,
      served: firstTarget,
      source: 'sandbox',
      timeToFirstTokenMs: 41.6,
      notices: [],
      ...behaviour.response,
    };
    const attempt = { target: firstTarget, number: 1, outcome: 'succeeded' as const, latencyMs: 120.4, usage };
    return {
      response,
      record: {
        ...record,
        attempts: [attempt],
        cost: { nanoUsd: 12_345, estimated: false },
        latencyMs: 123.4,
        ...behaviour.record,
      },
    };
  }

  const memory = callMemory(clock);
  const fake: FakeService = {
    ...memory,
    batch: createBatch(invoke),
    behaviour: {},
    invocations: [],
    ratings: [],
    costQueries: [],
    modelFilters: [],
    invoke,
    route: () => answer({ ...decision, ...fake.behaviour.decision }),
    feedback: (feedback) => {
      fake.ratings.push(feedback);
      return answer({ model: firstTarget.model, task: 'code' });
    },
    estimate: () =>
      answer({
        target: firstTarget,
        inputTokens: 12,
        maxOutputTokens: 4_096,
        expected: 2_000_000,
        worstCase: 13_000_000,
        method: 'estimated' as const,
        fitsBudget: true,
        notices: ['Counted without the tokenizer of the model.'],
      }),
    aliases: () => ['claude', 'nova'],
    models: (filter) => {
      fake.modelFilters.push(filter);
      return answer(filter.provider === 'nobody' ? [] : summaries);
    },
    costFiles: {
      csv: (_, groupBy) => `csv by ${groupBy}`,
      chart: () => Promise.resolve(Buffer.from('picture')),
    },
    costReport: (query) => {
      fake.costQueries.push(query);
      return answer(report);
    },
    health: () => answer({ ...healthReport, ...fake.behaviour.health }),
    close: () => Promise.resolve(),
  };
  return fake;
}
