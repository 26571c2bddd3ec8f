import { z } from 'zod';
import type { CacheEntry } from './cache-entry.js';
import { mayBeSimilar } from './text-sketch.js';

/** Clocks of replicas may differ by so much; a rule rather takes an entry too many along. */
const clockSkewMs = 2_000;

/** Entries of one tenant to drop. What is named has to hold all at once; nothing named: all of the tenant. */
export const dropRule = z.strictObject({
  tenant: z.string(),
  /** Wall clock: only what was asked before it is meant. */
  beforeMs: z.number(),
  key: z.string().optional(),
  model: z.string().optional(),
  tag: z.strictObject({ name: z.string(), value: z.string().optional() }).optional(),
  session: z.string().optional(),
  caller: z.string().optional(),
  similar: z.strictObject({ sketch: z.string(), threshold: z.number() }).optional(),
});
export type DropRule = z.output<typeof dropRule>;

type Check = (rule: DropRule, key: string, entry: CacheEntry) => boolean;

/** Each says whether an entry is outside of what a rule names; the dear one is last. */
const exceptions: readonly Check[] = [
  ({ tenant }, _, { labels }) => labels.tenant !== tenant,
  ({ beforeMs }, _, { askedAtMs }) => askedAtMs >= beforeMs + clockSkewMs,
  (rule, key) => rule.key !== undefined && rule.key !== key,
  ({ model }, _, { response: { served } }) => model !== undefined && model !== served.model && model !== served.profile,
  ({ tag }, _, { labels: { tags } }) => tag !== undefined && !hasTag(tags, tag),
  ({ session }, _, { labels }) => session !== undefined && session !== labels.session,
  ({ caller }, _, { labels }) => caller !== undefined && caller !== labels.caller,
  ({ similar }, _, { labels }) =>
    similar !== undefined && !mayBeSimilar(similar.sketch, labels.sketch, similar.threshold),
];

function hasTag(tags: Readonly<Record<string, string>>, { name, value }: NonNullable<DropRule['tag']>): boolean {
  return Object.hasOwn(tags, name) && (value === undefined || tags[name] === value);
}

export const isDroppedBy = (rule: DropRule, key: string, entry: CacheEntry): boolean =>
  !exceptions.some((isOutside) => isOutside(rule, key, entry));

/** Equal for equal rules: the fields are in the order of the schema. */
const textOf = (rule: DropRule): string => JSON.stringify(dropRule.parse(rule));

/** Entries live no longer than the longest time to live with its stale time; older rules have nothing left to drop. */
const longestLifeMs = 2 * 86_400_000;
export const mostRules = 1_000;

/** Tenants of whom something was dropped; undefined: it may be anyone. */
export type DroppedFrom = ReadonlySet<string> | undefined;

/** The rules in force: what they drop must not come back from another layer, nor from a call that was under way. */
export interface DropRules {
  add(rule: DropRule): void;
  /** All there are, oldest first, in place of what is here; gives the tenants of those that were not. */
  replace(rules: readonly DropRule[]): DroppedFrom;
  drops(key: string, entry: CacheEntry): boolean;
}

export function createDropRules(nowMs: () => number): DropRules {
  let rules: readonly DropRule[] = [];
  /** Everything older goes, whoever's it is: of what there was no room to remember it is not known what it meant. */
  let floorMs = Number.NEGATIVE_INFINITY;

  const bounded = (all: readonly DropRule[]): readonly DropRule[] => {
    const living = all.filter(({ beforeMs }) => beforeMs > nowMs() - longestLifeMs);
    const forgotten = living.slice(0, Math.max(0, living.length - mostRules));
    floorMs = Math.max(floorMs, ...forgotten.map(({ beforeMs }) => beforeMs + clockSkewMs));
    return living.slice(forgotten.length);
  };
  return {
    add: (rule) => {
      rules = bounded([...rules, rule]);
    },
    replace: (all) => {
      const known = new Set(rules.map(textOf));
      const floorBeforeMs = floorMs;
      rules = bounded(all);
      // The shared list is cut at the same length: a full one may have lost what was before.
      const [oldest] = all;
      if (all.length >= mostRules && oldest) floorMs = Math.max(floorMs, oldest.beforeMs + clockSkewMs);
      const unknown = all.filter((rule) => !known.has(textOf(rule)));
      return floorMs > floorBeforeMs ? undefined : new Set(unknown.map(({ tenant }) => tenant));
    },
    drops: (key, entry) => entry.askedAtMs < floorMs || rules.some((rule) => isDroppedBy(rule, key, entry)),
  };
}
