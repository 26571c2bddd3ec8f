import { expect, it } from '@jest/globals';
import { modelRequest, type RoutedRequest } from '../../src/core/request.js';
import { noUsage } from '../../src/core/response.js';
import { modelId, region } from '../../src/core/target.js';
import { createFirstTokenTimes } from '../../src/resilience/first-token-times.js';

const origin = { requestId: 'r', caller: 'c', atMs: 0 };
const target = (name: string) => ({ model: modelId(name), region: region('us-east-1') });
const ask = (name: string, prompt = 'hi'): RoutedRequest => ({
  ...modelRequest.parse({ prompt }),
  target: target(name),
  max_tokens: 10,
});

function create(maxTargets = 10) {
  const times = createFirstTokenTimes({
    timeoutMs: 5_000,
    find: (id) => ({ reasoning: id === modelId('thinker') }),
    maxTargets,
  });
  const learn = (name: string, samplesMs: readonly number[]) => {
    for (const [index, timeToFirstTokenMs] of samplesMs.entries()) {
      times.onCallEvent(
        {
          type: 'attempt-ended',
          target: target(name),
          number: index + 1,
          outcome: 'succeeded',
          latencyMs: timeToFirstTokenMs,
          timeToFirstTokenMs,
          usage: noUsage,
        },
        origin,
      );
    }
  };
  return { times, learn };
}

const often = (ms: number) => Array.from({ length: 20 }, () => ms);

it.each([
  { what: 'unknown', model: 'plain', samples: [], about: 5_000 },
  { what: 'one that reasons', model: 'thinker', samples: [], about: 20_000 },
  { what: 'a quick one', model: 'plain', samples: often(100), about: 5_000 },
  { what: 'a slow one', model: 'plain', samples: often(4_000), about: 12_000 },
  { what: 'a quick one that reasons', model: 'thinker', samples: often(300), about: 5_000 },
  { what: 'the slowest', model: 'plain', samples: often(50_000), about: 60_000 },
  { what: 'one with too few samples', model: 'plain', samples: [4_000, 4_000], about: 5_000 },
])('waits about $about ms for $what', ({ model, samples, about }) => {
  const { times, learn } = create();
  learn(model, samples);
  expect(Math.abs(times.timeoutMsFor(ask(model)) - about)).toBeLessThan(5);
});

it('gives long inputs time to be read', () => {
  const { times } = create();
  expect(times.timeoutMsFor(ask('plain', 'x'.repeat(350_000)))).toBeGreaterThan(9_500);
});

it('remembers the latest samples of a bounded number of targets', () => {
  const { times, learn } = create(2);
  learn('a', [...often(9_000), ...Array.from({ length: 64 }, () => 10)]);
  expect(times.usualMs(target('a'))).toBe(10);
  learn('b', often(1));
  learn('c', often(1));
  expect(times.usualMs(target('a'))).toBeUndefined();
});
