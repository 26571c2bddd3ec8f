import type { EventSubscriber } from '../core/events.js';
import type { Model } from '../core/model.js';
import type { RoutedRequest } from '../core/request.js';
import { type ModelId, type Target, targetKey } from '../core/target.js';
import { estimateInputTokens } from '../core/token-estimate.js';

export interface FirstTokenTimesOptions {
  /** For a target of which nothing is known, milliseconds; never less is given. */
  readonly timeoutMs: number;
  readonly find: (id: ModelId) => Pick<Model, 'reasoning'> | undefined;
  readonly maxTargets?: number;
}

export interface FirstTokenTimes extends EventSubscriber {
  /** How long to wait for the first token of this request before it goes elsewhere, milliseconds. */
  timeoutMsFor(request: RoutedRequest): number;
  /** The time that 95 of 100 first tokens took; undefined until enough are known. */
  usualMs(target: Target): number | undefined;
}

const samplesKept = 64;
const samplesNeeded = 16;
/** A model that reasons may think before it says anything. */
const reasoningFactor = 4;
/** Room above what was usual, so that a slow moment is not taken for a failure. */
const usualFactor = 3;
const longestFactor = 12;
/** Long inputs are read before the first token: about 20,000 tokens in a second. */
const msPerInputToken = 0.05;

/** Learns how long each target takes to its first token, so that patience fits the target. */
export function createFirstTokenTimes(options: FirstTokenTimesOptions): FirstTokenTimes {
  const { timeoutMs, find, maxTargets = 512 } = options;
  const samples = new Map<string, readonly number[]>();

  const usualMs = (target: Target): number | undefined => {
    const known = samples.get(targetKey(target));
    if (known === undefined || known.length < samplesNeeded) return undefined;
    const ordered = known.toSorted((left, right) => left - right);
    return ordered[Math.floor(ordered.length * 0.95)];
  };

  return {
    usualMs,
    timeoutMsFor: (request) => {
      const unknownMs = timeoutMs * (find(request.target.model)?.reasoning === true ? reasoningFactor : 1);
      const usual = usualMs(request.target);
      const patienceMs = usual === undefined ? unknownMs : Math.max(timeoutMs, usual * usualFactor);
      const readingMs = estimateInputTokens(request) * msPerInputToken;
      return Math.round(Math.min(patienceMs + readingMs, timeoutMs * longestFactor));
    },
    onCallEvent: (event) => {
      if (event.type !== 'attempt-ended' || event.timeToFirstTokenMs === undefined) return;
      const key = targetKey(event.target);
      const known = samples.get(key) ?? [];
      // Deleted first, so that the oldest entry of the map is the one that was not used for longest.
      samples.delete(key);
      samples.set(key, [...known.slice(1 - samplesKept), event.timeToFirstTokenMs]);
      const [oldest] = samples.keys();
      if (samples.size > maxTargets && oldest !== undefined) samples.delete(oldest);
    },
  };
}
