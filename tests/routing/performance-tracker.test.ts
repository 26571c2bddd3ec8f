import { describe, expect, it } from '@jest/globals';
import type { ErrorCategory } from '../../src/core/errors.js';
import type { AttemptSummary } from '../../src/core/events.js';
import { modelId, region } from '../../src/core/target.js';
import { createPerformanceTracker } from '../../src/routing/performance-tracker.js';
import { fakeClock } from '../support/fake-clock.js';

const target = { model: modelId('amazon.nova-lite-v1:0'), region: region('us-east-1') };
const origin = { requestId: 'r', caller: 'c', atMs: 0 };
const success = (latencyMs: number, timeToFirstTokenMs?: number): AttemptSummary => ({
  target,
  number: 1,
  outcome: 'succeeded',
  latencyMs,
  ...(timeToFirstTokenMs === undefined ? {} : { timeToFirstTokenMs }),
});
const failed = (category: ErrorCategory): AttemptSummary => ({
  target,
  number: 1,
  outcome: 'failed',
  latencyMs: 1,
  failure: { category, message: 'no' },
});

function tracker(clock = fakeClock()) {
  const record = createPerformanceTracker({ clock });
  return {
    record,
    clock,
    saw: (attempt: AttemptSummary) => record.onCallEvent({ type: 'attempt-ended', ...attempt }, origin),
  };
}

describe('the performance tracker', () => {
  it('knows nothing before the first attempt and ignores other events', () => {
    const { record } = tracker();
    record.onCallEvent({ type: 'cache-missed' }, origin);
    expect(record.of(target)).toBeUndefined();
  });

  it('follows latency up faster than down', () => {
    const { record, saw } = tracker();
    saw(success(1_000, 100));
    expect(record.of(target)).toEqual({ calls: 1, errorRate: 0, latencyMs: 1_000, timeToFirstTokenMs: 100 });
    saw(success(2_000));
    expect(record.of(target)?.latencyMs).toBeCloseTo(1_400);
    saw(success(400, 50));
    expect(record.of(target)?.latencyMs).toBeCloseTo(1_250);
    expect(record.of(target)?.timeToFirstTokenMs).toBeCloseTo(92.5);
  });

  it('raises the error rate with failures of the target and forgets them with time', async () => {
    const { record, saw, clock } = tracker();
    saw(success(1_000));
    saw(failed('network'));
    expect(record.of(target)).toMatchObject({ calls: 2, latencyMs: 1_000 });
    expect(record.of(target)?.errorRate).toBeCloseTo(0.1);
    await clock.advance(30_000);
    expect(record.of(target)?.errorRate).toBeCloseTo(0.1 / Math.E);
  });

  it('does not take a quick refusal for speed', () => {
    const { record, saw } = tracker();
    saw(failed('authorization'));
    expect(record.of(target)?.latencyMs).toBe(5_000);
    saw(success(700));
    expect(record.of(target)?.latencyMs).toBe(700);
  });

  it.each(['validation', 'cancelled', 'content_filtered', 'budget_exceeded', 'internal'] as const)(
    'does not count %s against the target',
    (category) => {
      const { record, saw } = tracker();
      saw(failed(category));
      expect(record.of(target)).toBeUndefined();
    },
  );

  it('forgets the targets that were not used for longest', () => {
    const { record, saw } = tracker();
    const numbered = (index: number) => ({ ...target, model: modelId(`m${index}`) });
    for (let index = 0; index <= 1_000; index += 1) saw({ ...success(1), target: numbered(index) });
    expect(record.of(numbered(0))).toBeUndefined();
    expect(record.of(numbered(1))).toBeDefined();
  });
});
