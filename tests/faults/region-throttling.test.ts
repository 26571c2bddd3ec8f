import { describe, expect, it } from '@jest/globals';
import { ServiceError } from '../../src/core/errors.js';
import type { CallEvent } from '../../src/core/events.js';
import type { Handler } from '../../src/core/pipeline.js';
import type { RoutedRequest } from '../../src/core/request.js';
import { noUsage } from '../../src/core/response.js';
import { createTargetAdmission } from '../../src/resilience/admission.js';
import { createCircuitBreakers } from '../../src/resilience/circuit-breakers.js';
import { createResilienceStage } from '../../src/resilience/resilience-stage.js';
import { createRetryBudget } from '../../src/resilience/retry-budget.js';
import { createPerformanceTracker } from '../../src/routing/performance-tracker.js';
import { createRouteStage } from '../../src/routing/route-stage.js';
import { directoryFor, request, routerWith } from '../routing/routing-fixtures.js';
import { callContext } from '../support/call-context.js';
import { fakeClock, fakeRandom } from '../support/fake-clock.js';

/* One region throttles everything for a while: routing, admission and retries together, on a clock that the test moves. */

const regions = ['us-east-1', 'us-west-2'];
const lite = 'amazon.nova-lite-v1:0';
const answerMs = 20;
const stepMs = 5;
const throttled = { fromMs: 2_000, toMs: 6_000 };
const endMs = 15_000;

interface Sent {
  readonly atMs: number;
  readonly region: string;
  readonly refused: boolean;
}

async function simulate(callers: number, seed: number) {
  const clock = fakeClock();
  const performance = createPerformanceTracker({ clock });
  const breakers = createCircuitBreakers({ clock, onServerEvent: () => undefined });
  const directory = directoryFor(regions);
  const sent: Sent[] = [];
  let [failed, slowestMs] = [0, 0];

  const client: Handler<RoutedRequest> = async ({ target }) => {
    const atMs = clock.monotonicMs();
    const refused = target.region === regions[0] && atMs >= throttled.fromMs && atMs < throttled.toMs;
    sent.push({ atMs, region: target.region, refused });
    await clock.sleep(refused ? 1 : answerMs);
    if (refused) throw new ServiceError('rate_limit', 'throttled', { target });
    return { content: [], stopReason: 'end_turn', usage: noUsage, served: target, source: 'bedrock', notices: [] };
  };
  const admission = createTargetAdmission({ clock, onServerEvent: () => undefined, maxConcurrentPerTarget: 10 });
  const resilience = createResilienceStage({
    breakers,
    admission,
    retryBudget: createRetryBudget(),
    clock,
    random: fakeRandom(seed),
  });
  const router = routerWith({ regions, load: performance, health: breakers, clock, seed });
  const route = createRouteStage({ router, directory, clock, random: fakeRandom(seed), maxAttempts: 4 });
  const handle = route(resilience(client));

  let running = true;
  const caller = async (id: number) => {
    await clock.sleep(id);
    while (running) {
      const origin = { requestId: `${id}`, caller: 'c', atMs: clock.nowMs() };
      const record = (event: CallEvent) => performance.onCallEvent(event, origin);
      const startedMs = clock.monotonicMs();
      await handle(request({ model: lite, fallback: false }), {
        ...callContext({ deadlineMs: startedMs + 10_000 }),
        record,
      }).catch(() => {
        failed += 1;
      });
      slowestMs = Math.max(slowestMs, clock.monotonicMs() - startedMs);
      await clock.sleep(1);
    }
  };
  const all = Promise.all(Array.from({ length: callers }, (_, id) => caller(id)));
  while (clock.monotonicMs() < endMs) await clock.advance(stepMs);
  running = false;
  for (let rest = 0; rest < 20; rest += 1) await clock.advance(100);
  await all;
  breakers.close();
  return { sent, failed, slowestMs };
}

const between = (sent: readonly Sent[], fromMs: number, toMs: number) =>
  sent.filter(({ atMs }) => atMs >= fromMs && atMs < toMs);

describe('a region that throttles everything', () => {
  const cases = [1, 10].flatMap((callers) => [1, 2].map((seed) => ({ callers, seed })));

  it.each(cases)('is left within a second and used again after it: $callers callers, seed $seed', async (row) => {
    const { sent, failed, slowestMs } = await simulate(row.callers, row.seed);
    const home = (calls: readonly Sent[]) => calls.filter(({ region }) => region === regions[0]);
    expect(failed).toBe(0);
    // A refused call goes to the other region at once.
    expect(slowestMs).toBeLessThan(250);
    const perSecond = [3_000, 4_000, 5_000].map((fromMs) => between(sent, fromMs, fromMs + 1_000));
    for (const calls of perSecond) {
      expect(calls.length).toBeGreaterThan(20);
      // What remains are probes.
      expect(home(calls).length).toBeLessThanOrEqual(3);
    }
    const back = home(between(sent, throttled.toMs, throttled.toMs + 5_000)).filter(({ refused }) => !refused);
    expect(back.length).toBeGreaterThan(10);
    const settled = between(sent, 12_000, endMs);
    expect(home(settled).length / settled.length).toBeGreaterThan(0.1);
  });
});
