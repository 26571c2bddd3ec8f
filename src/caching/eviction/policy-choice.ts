import type { NanoUsd } from '../../core/response.js';
import { type EvictionName, evictionNames, type Weight } from './eviction-policy.js';
import { hashOf } from './frequency-sketch.js';
import { evictionPolicies } from './policies.js';
import { createPolicyShadow } from './policy-shadow.js';

/** One key in so many is followed in the shadows, each of which has the same share of the room. */
const sampledShare = 16;
/** Sampled look-ups between two looks at the figures. */
const lookupsPerRound = 512;
/** How much of the earlier rounds counts beside the last. */
const memory = 0.75;
/** A policy has to be so much better to replace the one in use: changing costs a while of wrong order. */
const advantage = 1.05;

export type WeighedKey = Weight & { readonly expiresAtMs: number };

/** Measures on a sample of the keys what each policy saves. */
export interface PolicyChoice {
  asked(key: string, nowMs: number, found: WeighedKey | undefined): void;
  kept(key: string, weight: WeighedKey): void;
  removed(key: string): void;
  /** The policy that should be in use. */
  best(): EvictionName;
  /** Saved by each on the sample, the newest look-ups weighing most. */
  saved(): Readonly<Record<EvictionName, NanoUsd>>;
}

export function createPolicyChoice(capacityBytes: number, first: EvictionName): PolicyChoice {
  const room = capacityBytes / sampledShare;
  const shadows = evictionNames.map((name) => ({
    name,
    shadow: createPolicyShadow(evictionPolicies[name](room), room),
    saved: 0,
  }));
  let current = first;
  let lookups = 0;

  const savedBy = (name: EvictionName): NanoUsd => shadows.find((one) => one.name === name)?.saved ?? 0;
  const compare = (): void => {
    lookups = 0;
    for (const one of shadows) one.saved = one.saved * memory + one.shadow.takeSaved();
    const leader = shadows.reduce((best, one) => (one.saved > best.saved ? one : best));
    if (leader.saved > savedBy(current) * advantage) current = leader.name;
  };
  const isSampled = (key: string): boolean => hashOf(key) % sampledShare === 0;

  return {
    asked: (key, nowMs, found) => {
      if (!isSampled(key)) return;
      for (const { shadow } of shadows) shadow.asked(key, nowMs, found);
      lookups += 1;
      if (lookups >= lookupsPerRound) compare();
    },
    kept: (key, weight) => {
      if (isSampled(key)) for (const { shadow } of shadows) shadow.kept(key, weight);
    },
    removed: (key) => {
      if (isSampled(key)) for (const { shadow } of shadows) shadow.removed(key);
    },
    best: () => current,
    saved: () => ({ lru: savedBy('lru'), gdsf: savedBy('gdsf'), tinylfu: savedBy('tinylfu') }),
  };
}
