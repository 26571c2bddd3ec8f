import type { Alert } from '../../core/alerts.js';
import type { Database } from '../../storage/database.js';
import { type Delivery, type DeliveryStore, mostDead, mostWaiting } from '../delivery-store.js';

/** Ids that one statement names at most. */
const idsAtOnce = 500;
/** Another process may take the message that was just found; then the next one is looked for. */
const claimTries = 20;

/** Messages in the database of the ledger, where they outlive this process and every server may send them. */
export function createSqlDeliveryStore(database: Database): DeliveryStore {
  const { run } = database;
  return {
    add: (id, alert, nowMs) => add(database, id, alert, nowMs),
    claim: async (nowMs, leaseMs) => {
      for (let tries = 0; tries < claimTries; tries += 1) {
        const claimed = await claimOne(database, nowMs, leaseMs);
        if (claimed !== 'taken') return claimed;
      }
      return undefined;
    },
    delivered: async (id) => {
      await run((sql) => sql.deleteFrom('alert_deliveries').where('id', '=', id).execute());
    },
    postpone: async (id, dueAtMs, why) => {
      await run((sql) =>
        sql
          .updateTable('alert_deliveries')
          .set({ due_at_ms: Math.ceil(dueAtMs), why })
          .where('id', '=', id)
          .execute(),
      );
    },
    bury: (id, why, nowMs) => bury(database, id, why, nowMs),
    dead: () => dead(database),
    revive: async (ids, nowMs) => {
      const wanted = ids === 'all' ? undefined : ids.slice(0, idsAtOnce);
      if (wanted?.length === 0) return 0;
      const result = await run((sql) => {
        const change = { dead: 0, tries: 0, due_at_ms: Math.ceil(nowMs) };
        const all = sql.updateTable('alert_deliveries').set(change).where('dead', '=', 1);
        return (wanted ? all.where('id', 'in', wanted) : all).executeTakeFirst();
      });
      return Number(result.numUpdatedRows);
    },
    counts: async () => {
      const rows = await run((sql) =>
        sql
          .selectFrom('alert_deliveries')
          .select((is) => ['dead', is.fn.countAll<number>().as('count')])
          .groupBy('dead')
          .execute(),
      );
      const count = (isDead: number) => Number(rows.find((row) => row.dead === isDead)?.count ?? 0);
      return { waiting: count(0), dead: count(1) };
    },
  };
}

async function add({ run }: Database, id: string, alert: Alert, nowMs: number): Promise<boolean> {
  const { waiting } = await run((sql) =>
    sql
      .selectFrom('alert_deliveries')
      .where('dead', '=', 0)
      .select((is) => is.fn.countAll<number>().as('waiting'))
      .executeTakeFirstOrThrow(),
  );
  if (Number(waiting) >= mostWaiting) return false;
  const at = Math.ceil(nowMs);
  const row = { id, alert_key: alert.key, payload: JSON.stringify(alert), dead: 0, tries: 0, why: '' };
  await run((sql) =>
    sql
      .insertInto('alert_deliveries')
      .values({ ...row, due_at_ms: at, changed_at_ms: at })
      .onConflict((same) => same.column('id').doNothing())
      .execute(),
  );
  return true;
}

async function claimOne({ run }: Database, nowMs: number, leaseMs: number): Promise<Delivery | 'taken' | undefined> {
  const now = Math.floor(nowMs);
  const found = await run((sql) =>
    sql
      .selectFrom('alert_deliveries as due')
      .select(['id', 'payload', 'tries', 'due_at_ms'])
      .where('dead', '=', 0)
      .where('due_at_ms', '<=', now)
      .where((is) =>
        is.not(
          is.exists(
            is
              .selectFrom('alert_deliveries as earlier')
              .select('earlier.seq')
              .where('earlier.dead', '=', 0)
              .whereRef('earlier.alert_key', '=', 'due.alert_key')
              .whereRef('earlier.seq', '<', 'due.seq'),
          ),
        ),
      )
      .orderBy('seq')
      .limit(1)
      .executeTakeFirst(),
  );
  if (!found) return undefined;
  const { id, payload, due_at_ms } = found;
  const tries = found.tries + 1;
  const { numUpdatedRows } = await run((sql) =>
    sql
      .updateTable('alert_deliveries')
      .set({ due_at_ms: Math.ceil(now + leaseMs), tries })
      .where('id', '=', id)
      .where('dead', '=', 0)
      .where('due_at_ms', '=', due_at_ms)
      .executeTakeFirst(),
  );
  return numUpdatedRows === 1n ? { id, alert: alertIn(payload), tries } : 'taken';
}

async function bury({ run }: Database, id: string, why: string, nowMs: number): Promise<void> {
  const changed_at_ms = Math.ceil(nowMs);
  await run((sql) =>
    sql.updateTable('alert_deliveries').set({ dead: 1, why, changed_at_ms }).where('id', '=', id).execute(),
  );
  await run((sql) =>
    sql
      .deleteFrom('alert_deliveries')
      .where('dead', '=', 1)
      .where('seq', 'not in', (is) =>
        is
          .selectFrom('alert_deliveries')
          .select('seq')
          .where('dead', '=', 1)
          .orderBy('changed_at_ms', 'desc')
          .orderBy('seq', 'desc')
          .limit(mostDead),
      )
      .execute(),
  );
}

async function dead({ run }: Database) {
  const rows = await run((sql) =>
    sql
      .selectFrom('alert_deliveries')
      .select(['id', 'payload', 'tries', 'why', 'changed_at_ms'])
      .where('dead', '=', 1)
      .orderBy('changed_at_ms', 'desc')
      .orderBy('seq', 'desc')
      .limit(mostDead)
      .execute(),
  );
  return rows.map(({ id, payload, tries, why, changed_at_ms: failedAtMs }) => ({
    id,
    alert: alertIn(payload),
    tries,
    why,
    failedAtMs,
  }));
}

/** Written by this program, in this shape. */
const alertIn = (payload: string): Alert => JSON.parse(payload) as Alert;
