import type { Intent, LedgerRow } from '../../core/ledger.js';
import type { Database } from '../../storage/database.js';

/** More than a database stays away for; what comes then is refused, and waits in memory for as long as there is room. */
const mostEntries = 500_000;
const entriesAStep = 200;

/** A step of an attempt that the remote database has not taken yet. */
export type SpoolEntry =
  | { readonly step: 'begin'; readonly intent: Intent; readonly processId: string }
  | { readonly step: 'settle'; readonly attemptId: string; readonly rows: readonly LedgerRow[] };

/** Steps in a local file, in their order, until they are sent on. */
export interface Spool {
  /** Durable when resolved. */
  add(entry: SpoolEntry): Promise<void>;
  /** Sends the oldest and forgets what was taken. Resolves to how many there were. */
  send(take: (entry: SpoolEntry) => Promise<void>): Promise<number>;
  /** Takes over what dead processes have left, and counts what there is. */
  adopt(isDead: (processId: string) => boolean): Promise<void>;
  count(): number;
  close(): Promise<void>;
}

/** The steps of one process; each process sends its own, so that they keep their order. */
export function createSpool(database: Database, processId: string): Spool {
  let count = 0;
  return {
    count: () => count,
    add: async (entry) => {
      if (count >= mostEntries) throw new Error('The spool of the ledger is full.');
      const sql = 'INSERT INTO spool (process_id, payload) VALUES (?, ?)';
      await database.write([{ sql, parameters: [processId, JSON.stringify(entry)] }]);
      count += 1;
    },
    send: async (take) => {
      const entries = await database.run((kysely) =>
        kysely
          .selectFrom('spool')
          .select(['seq', 'payload'])
          .where('process_id', '=', processId)
          .orderBy('seq')
          .limit(entriesAStep)
          .execute(),
      );
      for (const { seq, payload } of entries) {
        // Written by this program, in this shape.
        await take(JSON.parse(payload) as SpoolEntry);
        await database.write([{ sql: 'DELETE FROM spool WHERE seq = ?', parameters: [seq] }]);
        count = Math.max(0, count - 1);
      }
      return entries.length;
    },
    adopt: async (isDead) => {
      const owners = await database.run((kysely) =>
        kysely.selectFrom('spool').select('process_id').distinct().execute(),
      );
      for (const { process_id } of owners.filter((owner) => isDead(owner.process_id))) {
        const sql = 'UPDATE spool SET process_id = ? WHERE process_id = ?';
        const [taken] = await database.write([{ sql, parameters: [processId, process_id] }]);
        count += taken?.changes ?? 0;
      }
    },
    close: () => database.close(),
  };
}
