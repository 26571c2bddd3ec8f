import type { CreateEvictionPolicy, EvictionName } from './eviction-policy.js';
import { createGdsf } from './gdsf.js';
import { createLru } from './lru.js';
import { createTinyLfu } from './tiny-lfu.js';

/** Every policy by its name. */
export const evictionPolicies = {
  lru: createLru,
  gdsf: createGdsf,
  tinylfu: createTinyLfu,
} as const satisfies Record<EvictionName, CreateEvictionPolicy>;
