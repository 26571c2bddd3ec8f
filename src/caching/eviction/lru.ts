import type { EvictionPolicy } from './eviction-policy.js';

/** Least recently used goes first. */
export function createLru(): EvictionPolicy {
  // A set keeps the order in which keys were put in.
  const order = new Set<string>();
  return {
    added: (key) => {
      order.add(key);
    },
    used: (key) => {
      if (order.delete(key)) order.add(key);
    },
    missed: () => undefined,
    removed: (key) => {
      order.delete(key);
    },
    victim: () => order.values().next().value,
  };
}
