import { describe, expect, it } from '@jest/globals';
import { ServiceError } from '../src/core/errors.js';
import type { CallEvent } from '../src/core/events.js';
import type { CallOptions } from '../src/core/integration-service.js';
import type { CallContext } from '../src/core/pipeline.js';
import { type ModelRequest, modelRequest } from '../src/core/request.js';
import { type ModelResponse, noUsage } from '../src/core/response.js';
import { modelId, region } from '../src/core/target.js';
import { createBedrockIntegrationService, type ServiceParts } from '../src/service.js';
import { callMemory } from './support/call-memory.js';
import { fakeClock, fakeRandom } from './support/fake-clock.js';

const target = { model: modelId('m'), region: region('us-east-1') };
const response: ModelResponse = {
  content: [{ type: 'text', text: 'hi' }],
  stopReason: 'end_turn',
  usage: noUsage,
  served: target,
  source: 'bedrock',
  notices: [],
};
const request = modelRequest.parse({ prompt: 'hello' });
const refuse = (): never => {
  throw new Error('not part of this test');
};

function setUp(process: ServiceParts['process'], overrides: Partial<ServiceParts> = {}) {
  const clock = fakeClock();
  const released: string[] = [];
  const seen: CallEvent[] = [];
  const service = createBedrockIntegrationService({
    process,
    route: refuse,
    rate: refuse,
    directory: { all: refuse, find: refuse, aliases: refuse, resolve: refuse, targetsOf: refuse },
    prices: { priceOf: refuse, costOf: refuse },
    performance: { of: () => undefined },
    worstCase: () => ({ cost: 0, tokens: 0, calls: 1 }),
    costs: { budgets: refuse, fits: refuse },
    reports: { report: refuse, csv: refuse, chart: refuse },
    health: refuse,
    ...callMemory(),
    subscribers: [{ onCallEvent: () => refuse() }, { onCallEvent: (event) => seen.push(event) }],
    clock,
    random: fakeRandom(),
    defaultTimeoutMs: 1_000,
    maxAttempts: 2,
    closeGraceMs: 500,
    release: async () => {
      released.push('released');
    },
    ...overrides,
  });
  return { service, clock, seen, released };
}

const options = (overrides: Partial<CallOptions> = {}): CallOptions => ({
  tool: 'bedrock_invoke',
  caller: { id: 'tester', tenant: 'tester' },
  signal: new AbortController().signal,
  ...overrides,
});

const untilAborted = (_: ModelRequest, { signal }: CallContext) =>
  new Promise<ModelResponse>((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
  });

describe('invoke', () => {
  it('gives the answer with the record of the call, though a subscriber fails', async () => {
    const { service, seen } = setUp(async (_, context) => {
      context.record({ type: 'cost-settled', target, cost: { nanoUsd: 5, estimated: false } });
      return response;
    });
    const events: CallEvent[] = [];
    const invocation = await service.invoke(request, options({ onEvent: (event) => events.push(event) }));
    expect(invocation).toMatchObject({ response, record: { requestId: 'id-1', cost: { nanoUsd: 5 } } });
    expect(seen).toEqual(events);
    expect(seen).toHaveLength(1);
  });

  it('puts the record on the error of a failed call', async () => {
    const { service } = setUp(async () => {
      throw new ServiceError('rate_limit', 'busy');
    });
    await expect(service.invoke(request, options())).rejects.toMatchObject({
      category: 'rate_limit',
      call: { requestId: 'id-1' },
    });
  });

  it('ends at the deadline, the default one or that of the request', async () => {
    const { service, clock } = setUp(untilAborted);
    const first = expect(service.invoke(request, options())).rejects.toMatchObject({
      category: 'timeout',
      reason: 'deadline',
      message: 'No answer within 1000 ms.',
    });
    const second = expect(service.invoke({ ...request, timeout_ms: 50 }, options())).rejects.toMatchObject({
      message: 'No answer within 50 ms.',
    });
    await clock.advance(50);
    await second;
    await clock.advance(950);
    await first;
  });

  it('answers soon after a cancel even when a stage does not listen', async () => {
    const controller = new AbortController();
    const { service, clock } = setUp(() => new Promise(() => undefined));
    const ended = expect(service.invoke(request, options({ signal: controller.signal }))).rejects.toMatchObject({
      category: 'cancelled',
    });
    controller.abort();
    await clock.advance(250);
    await ended;
  });
});

describe('close', () => {
  it('waits for calls in flight, then releases once', async () => {
    let finish = (_: ModelResponse): void => undefined;
    const { service, clock, released } = setUp(
      () =>
        new Promise((resolve) => {
          finish = resolve;
        }),
    );
    const call = service.invoke(request, options());
    const closing = service.close();
    await clock.advance(100);
    expect(released).toEqual([]);
    finish(response);
    await expect(call).resolves.toMatchObject({ response });
    await closing;
    await service.close();
    expect(released).toEqual(['released']);
  });

  it('ends what is still running after the grace time', async () => {
    const { service, clock, released } = setUp(untilAborted, { defaultTimeoutMs: 60_000 });
    const ended = expect(service.invoke(request, options())).rejects.toMatchObject({
      category: 'cancelled',
      message: 'The server is shutting down.',
    });
    const closing = service.close();
    await clock.advance(500);
    await ended;
    await closing;
    expect(released).toEqual(['released']);
  });
});
