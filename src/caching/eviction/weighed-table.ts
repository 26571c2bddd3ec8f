import type { Clock } from '../../core/clock.js';
import type { EvictionName, Weight } from './eviction-policy.js';
import { evictionPolicies } from './policies.js';
import { createPolicyChoice } from './policy-choice.js';

/** Values that each write looks at, to drop those that are over. */
const sweptPerWrite = 4;

export type EvictionSetting = EvictionName | 'auto';

/** A value with its weight. */
export interface Slot<Value> extends Weight {
  readonly value: Value;
  /** Wall clock, when the value is no longer fresh. */
  readonly expiresAtMs: number;
  /** Monotonic clock: a wall clock that is set back must not keep values alive. */
  readonly deadAtMs: number;
  /** How often it was found since it was kept. */
  hits: number;
}

export interface TableStats {
  readonly bytes: number;
  readonly entries: number;
  /** Dropped for want of room, not for age. */
  readonly evictions: number;
  readonly policy: EvictionName;
  /** What each policy saved lately on a sample of the keys, nano-dollars; absent when the operator chose one. */
  readonly measured?: Readonly<Record<EvictionName, number>>;
}

/** Values bounded in bytes; an eviction policy says what goes when there is no room. */
export interface WeighedTable<Value> {
  /** The slot of the key; counts as a use, or as a miss. */
  find(key: string): Slot<Value> | undefined;
  /** The slot of the key, without counting. */
  peek(key: string): Slot<Value> | undefined;
  keep(key: string, slot: Slot<Value>): void;
  remove(key: string): void;
  living(): readonly (readonly [string, Slot<Value>])[];
  stats(): TableStats;
}

export interface WeighedTableOptions {
  readonly maxBytes: number;
  readonly clock: Clock;
  /** `auto`: begins with the cost-aware one and goes over to what saves most here. */
  readonly eviction: EvictionSetting;
}

export function createWeighedTable<Value>(options: WeighedTableOptions): WeighedTable<Value> {
  const { maxBytes, clock } = options;
  const slots = new Map<string, Slot<Value>>();
  const policy = createCurrentPolicy(options, slots);
  let bytes = 0;
  let evictions = 0;
  let sweep = slots.entries();

  const isDead = ({ deadAtMs }: Slot<Value>): boolean => clock.monotonicMs() >= deadAtMs;
  const remove = (key: string): void => {
    bytes -= slots.get(key)?.bytes ?? 0;
    slots.delete(key);
    policy.removed(key);
  };
  const peek = (key: string): Slot<Value> | undefined => {
    const slot = slots.get(key);
    if (slot && isDead(slot)) remove(key);
    return slots.get(key);
  };
  const makeRoom = (): void => {
    while (bytes > maxBytes) {
      const victim = policy.victim();
      if (victim === undefined) return;
      remove(victim);
      evictions += 1;
    }
  };
  const dropSomeDead = (): void => {
    for (let looked = 0; looked < sweptPerWrite; looked += 1) {
      const next = sweep.next();
      if (!next.done) peek(next.value[0]);
      else sweep = slots.entries();
    }
  };

  return {
    peek,
    remove,
    find: (key) => {
      const slot = peek(key);
      policy.asked(key, slot);
      if (slot) slot.hits += 1;
      return slot;
    },
    keep: (key, slot) => {
      remove(key);
      dropSomeDead();
      slots.set(key, slot);
      bytes += slot.bytes;
      policy.kept(key, slot);
      makeRoom();
    },
    living: () => [...slots].filter(([, slot]) => !isDead(slot)),
    stats: () => ({ bytes, entries: slots.size, evictions, ...policy.told() }),
  };
}

/** The policy in use; with `auto` another one takes over when the measurements say so. */
function createCurrentPolicy<Value>(
  { maxBytes, clock, eviction }: WeighedTableOptions,
  slots: ReadonlyMap<string, Slot<Value>>,
) {
  let name: EvictionName = eviction === 'auto' ? 'gdsf' : eviction;
  let policy = evictionPolicies[name](maxBytes);
  const choice = eviction === 'auto' ? createPolicyChoice(maxBytes, name) : undefined;

  const adopt = (next: EvictionName): void => {
    name = next;
    policy = evictionPolicies[next](maxBytes);
    for (const [key, slot] of slots) policy.added(key, slot);
  };
  return {
    asked: (key: string, slot: Slot<Value> | undefined): void => {
      choice?.asked(key, clock.nowMs(), slot);
      if (choice && choice.best() !== name) adopt(choice.best());
      if (slot) policy.used(key);
      else policy.missed(key);
    },
    kept: (key: string, slot: Slot<Value>): void => {
      choice?.kept(key, slot);
      policy.added(key, slot);
    },
    removed: (key: string): void => policy.removed(key),
    victim: () => policy.victim(),
    told: () => ({ policy: name, ...(choice && { measured: choice.saved() }) }),
  };
}
