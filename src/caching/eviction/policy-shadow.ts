import type { NanoUsd } from '../../core/response.js';
import type { EvictionPolicy, Weight } from './eviction-policy.js';

/** A cache that holds only what entries weigh, to see what a policy would have saved. */
export interface PolicyShadow {
  /** The key was asked for; `weight` is given when the true cache had it. */
  asked(key: string, nowMs: number, found: (Weight & { readonly expiresAtMs: number }) | undefined): void;
  kept(key: string, weight: Weight & { readonly expiresAtMs: number }): void;
  removed(key: string): void;
  /** Saved since the last call of it. */
  takeSaved(): NanoUsd;
}

type Shade = Weight & { readonly expiresAtMs: number };

export function createPolicyShadow(policy: EvictionPolicy, capacityBytes: number): PolicyShadow {
  const shades = new Map<string, Shade>();
  let bytes = 0;
  let saved = 0;

  const remove = (key: string): void => {
    bytes -= shades.get(key)?.bytes ?? 0;
    shades.delete(key);
    policy.removed(key);
  };
  const keep = (key: string, shade: Shade): void => {
    if (shades.has(key)) remove(key);
    shades.set(key, shade);
    bytes += shade.bytes;
    policy.added(key, shade);
    while (bytes > capacityBytes) {
      const victim = policy.victim();
      if (victim === undefined) return;
      remove(victim);
    }
  };
  return {
    asked: (key, nowMs, found) => {
      const shade = shades.get(key);
      if (shade && shade.expiresAtMs > nowMs) {
        saved += shade.cost;
        policy.used(key);
        return;
      }
      if (shade) remove(key);
      policy.missed(key);
      // Where the true cache had it, this one would have asked the model and kept the answer.
      if (found) keep(key, found);
    },
    kept: keep,
    removed: remove,
    takeSaved: () => {
      const taken = saved;
      saved = 0;
      return taken;
    },
  };
}
