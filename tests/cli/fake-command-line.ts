import { runCommandLine } from '../../src/cli/command-line.js';
import type { CommandLineDependencies } from '../../src/cli/dependencies.js';
import type { CostQuery } from '../../src/core/cost-report.js';
import { ServiceError } from '../../src/core/errors.js';
import type {
  BedrockIntegrationService,
  CacheAdministration,
  CallOptions,
  ModelFilter,
} from '../../src/core/integration-service.js';
import { modelSchema } from '../../src/core/model.js';
import type { HealthStatus } from '../../src/core/ports.js';
import type { ModelRequest } from '../../src/core/request.js';
import { noUsage } from '../../src/core/response.js';
import { modelId, region } from '../../src/core/target.js';
import { callMemory } from '../support/call-memory.js';
import { fakeClock } from '../support/fake-clock.js';

const target = { model: modelId('amazon.nova-lite-v1:0'), region: region('us-east-1') };
const usage = { ...noUsage, inputTokens: 7, outputTokens: 5, totalTokens: 12 };
const group = {
  key: target.model,
  calls: 3,
  cost: 2_500_000,
  saved: 1_000_000,
  promptCacheSaved: 0,
  routingSaved: 0,
  usage,
};

/** What was asked of the service, in order. */
export type Asked = readonly [string, unknown];

export function fakeService(asked: Asked[], health: HealthStatus): BedrockIntegrationService {
  const { answers, jobs, sessions, diagnostics } = callMemory();
  return {
    answers,
    jobs,
    sessions,
    diagnostics,
    aliases: () => ['nova'],
    batch: () => Promise.resolve([]),
    invoke: (request: ModelRequest, { tool }: CallOptions) => {
      asked.push([tool, request]);
      return Promise.resolve({
        response: {
          content: [{ type: 'text', text: 'An \u001b[31manswer.' }],
          stopReason: 'max_tokens',
          usage,
          served: target,
          source: 'sandbox',
          notices: ['A successor answered.'],
        },
        record: {
          requestId: 'r1',
          attempts: [{ target, number: 1, outcome: 'succeeded', latencyMs: 41.5 }],
          cost: { nanoUsd: 1_500, estimated: true },
          latencyMs: 42.4,
        },
      });
    },
    route: (request) => {
      asked.push(['route', request]);
      return Promise.resolve({
        task: 'code',
        confidence: 0.91,
        complexity: { score: 0.2, level: 'simple' },
        optimize: 'cost',
        strategy: 'cheapest',
        policyVersion: '1',
        alternatives: { quality: target.model },
        conversation: 1,
        fingerprint: 2,
        candidates: [
          {
            target,
            rank: 1,
            score: 2,
            parts,
            estimatedCost: 1_000,
            expectedLatencyMs: 250.2,
            healthy: true,
            reasons: ['cheap'],
          },
          { target: { ...target, region: region('eu-west-1') }, rank: 2, score: 1, parts, healthy: false, reasons: [] },
        ],
        excluded: [],
        reasons: ['code words'],
        notices: ['A notice.'],
        inputTokens: 3,
        maxTokens: 10,
        decisionMicroseconds: 12,
      });
    },
    feedback: () => Promise.reject(new Error('not used')),
    estimate: () => Promise.reject(new Error('not used')),
    models: (filter: ModelFilter) => {
      asked.push(['models', filter]);
      const model = modelSchema.parse({
        id: target.model,
        provider: 'Amazon',
        family: 'nova',
        kind: 'chat',
        lifecycle: { status: 'ACTIVE' },
        callable: true,
        contextWindow: 300_000,
        input: ['text'],
        output: ['text'],
        converse: true,
        converseStream: true,
      });
      const { contextWindow: _, ...unknownWindow } = model;
      return Promise.resolve([
        {
          model,
          targets: [target],
          price: { inputUsdPerMillion: 0.06, outputUsdPerMillion: 0.24, assumed: true, source: 'list' },
        },
        { model: { ...unknownWindow, id: 'old.model' }, targets: [], refusal: 'end of life' },
      ]);
    },
    costReport: (query: CostQuery) => {
      asked.push(['usage', query]);
      const counted = { unit: 'usd', period: 'day', hard: true, spent: 2_500_000, reserved: 0 } as const;
      const budget = { ...counted, scope: 'day', state: 'open', resetsAtMs: 0 } as const;
      return Promise.resolve({
        totals: { ...group, key: '' },
        groups: [group, { ...group, key: '', cost: 0 }],
        series: [],
        budgets: [
          { ...budget, limit: 5_000_000_000 },
          { ...budget, scope: 'other' },
        ],
        forecast: { cost: 3_000_000_000, basis: 'pace', days: 0 } as const,
      });
    },
    health: (deep) => {
      asked.push(['health', deep]);
      const check = { name: 'credentials', status: health, detail: 'Checked.', remedy: 'Do this.', checkedAtMs: 0 };
      return Promise.resolve({
        status: health,
        checks: [check],
        breakers: [],
        performance: [],
        version: '1.0.0',
        uptimeSeconds: 1,
      });
    },
    close: () => {
      asked.push(['close', undefined]);
      return Promise.resolve();
    },
  };
}

const parts = { quality: 0.9, prior: 0.9, cost: 0.02, latency: 0.01, failure: 0, affinity: 0 };

export interface FakeRun extends Partial<Omit<CommandLineDependencies<string>, 'stdout' | 'stderr'>> {
  readonly health?: HealthStatus;
  readonly isTTY?: boolean;
  /** The parts of a cache that a test needs. */
  readonly cache?: object;
}

/** Runs one command against a fake service and collects everything it did. */
export async function run(
  args: readonly string[],
  { health = 'healthy', isTTY = false, cache, ...overrides }: FakeRun = {},
) {
  const asked: Asked[] = [];
  let out = '';
  let err = '';
  const exitCode = await runCommandLine<string>(args, {
    version: '1.2.3',
    installation: {
      nodePath: '/usr/bin/node',
      entryPath: '/opt/kairos/dist/src/main.js',
      version: '1.2.3',
      platform: 'linux',
      harmlessTools: ['bedrock_route', 'bedrock_health'],
      places: { platform: 'linux', home: '/nowhere/home', project: '/nowhere/project' },
    },
    env: {},
    stdout: {
      isTTY,
      write: (text) => {
        out += text;
      },
    },
    stderr: {
      isTTY,
      write: (text) => {
        err += text;
      },
    },
    clock: fakeClock({ startMs: Date.UTC(2026, 10, 23, 12) }),
    signal: AbortSignal.abort(),
    readInput: () => Promise.resolve('from stdin'),
    readFile: (path) => Promise.reject(new Error(`no file ${path}`)),
    loadSettings: (given) => {
      asked.push(['settings', given]);
      return Promise.resolve({
        ok: true,
        settings: 'the settings',
        shown: [
          { variable: 'BEDROCK_DATA_DIR', value: process.cwd(), source: 'environment' },
          { variable: 'BEDROCK_REDIS_URL', value: undefined, source: 'default' },
        ],
      });
    },
    createService: () =>
      Promise.resolve({ ...fakeService(asked, health), ...(cache && { cache: cache as CacheAdministration }) }),
    serve: (settings) => {
      asked.push(['serve', settings]);
      return Promise.resolve();
    },
    iamPolicy: (_, account) => ({
      policy: { Version: '2012-10-17', Statement: [{ Sid: 'Invoke', Resource: [account] }] },
      reasons: { Invoke: 'To call models.' },
    }),
    apiKeys: () => {
      throw new ServiceError('validation', 'BEDROCK_API_KEYS_FILE is not set.');
    },
    startSandbox: (options) => {
      asked.push(['sandbox', options]);
      return Promise.resolve({
        url: 'http://127.0.0.1:9',
        environment: { AWS_REGION: 'us-east-1' },
        close: () => {
          asked.push(['closed', undefined]);
          return Promise.resolve();
        },
      });
    },
    logUnexpected: (thrown) => asked.push(['unexpected', thrown]),
    ...overrides,
  });
  return { exitCode, out, err, asked };
}
