import { z } from 'zod';
import { lifecycleStatuses } from '../core/model.js';

export const accessSchema = z
  .strictObject({
    /** Base id, or the id of one of its profiles. */
    model: z.string().min(1).max(2_048),
    access: z.enum(['granted', 'denied']).optional(),
    /** Stands in for the catalogue's lifecycle: revives a retired model, or retires one. */
    lifecycle: z.enum(lifecycleStatuses).optional(),
  })
  .refine((entry) => entry.access ?? entry.lifecycle, 'give access or lifecycle');
type AccessEntry = z.output<typeof accessSchema>;

export interface AccessTable {
  of(baseId: string): AccessEntry | undefined;
  set(entries: readonly AccessEntry[]): void;
  list(): readonly AccessEntry[];
  clear(): void;
}

const most = 10_000;

/** What the operator changed about models; the catalogue holds for all others. */
export function createAccessTable(): AccessTable {
  const entries = new Map<string, AccessEntry>();
  return {
    of: (baseId) => entries.get(baseId),
    set: (given) => {
      for (const entry of given) {
        if (entries.size < most) entries.set(entry.model, { ...entries.get(entry.model), ...entry });
      }
    },
    list: () => [...entries.values()],
    clear: () => entries.clear(),
  };
}
