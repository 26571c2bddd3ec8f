import { sql } from 'kysely';
import type { Clock } from '../../core/clock.js';
import type { Database } from '../../storage/database.js';
import type { Statement } from '../../storage/sqlite/sql-driver.js';

/** A process that has not said for so long that it is alive is dead, as far as others can see. */
const silenceMs = 60_000;

/** Who writes into the ledger. */
export interface ProcessIdentity {
  /** Unique to this run. */
  readonly id: string;
  readonly host: string;
  readonly pid: number;
  /** Whether a process of this machine runs. */
  isRunning(pid: number): boolean;
}

export interface Processes {
  /** Says that this process is alive. */
  register(): Promise<void>;
  /** Books the open attempts of dead processes at their estimates. Resolves to how many there were. */
  recover(): Promise<number>;
  /** Says that this process is gone, unless it leaves attempts open. */
  leave(): Promise<void>;
}

export function createProcesses(database: Database, clock: Clock, own: ProcessIdentity): Processes {
  const mark = (index: number) => (database.dialect === 'sqlite' ? '?' : `$${index}`);
  const isDead = (process: { host: string; pid: number; alive_until_ms: number }): boolean => {
    // A number that a dead process of this machine had can be that of another one now, which then is not silent.
    const isGone = process.host === own.host && (process.pid === own.pid || !own.isRunning(process.pid));
    return isGone || process.alive_until_ms < clock.nowMs();
  };
  return {
    register: async () => {
      await database.run((kysely) =>
        sql`INSERT INTO processes (process_id, host, pid, alive_until_ms)
          VALUES (${own.id}, ${own.host}, ${own.pid}, ${Math.ceil(clock.nowMs()) + silenceMs})
          ON CONFLICT (process_id) DO UPDATE SET alive_until_ms = excluded.alive_until_ms`.execute(kysely),
      );
    },
    recover: async () => {
      const others = await database.run((kysely) =>
        kysely.selectFrom('processes').selectAll().where('process_id', '<>', own.id).execute(),
      );
      const gone = [...others.filter(isDead), ...(await unknownOwners(database, own.id))];
      let recovered = 0;
      for (const { process_id } of gone) {
        const [booked] = await database.write(bookEstimates(process_id, Math.ceil(clock.nowMs()), mark));
        recovered += booked?.changes ?? 0;
      }
      return recovered;
    },
    leave: async () => {
      const statement = `DELETE FROM processes WHERE process_id = ${mark(1)}
        AND NOT EXISTS (SELECT 1 FROM intents WHERE intents.process_id = processes.process_id)`;
      await database.write([{ sql: statement, parameters: [own.id] }]);
    },
  };
}

/** Owners of open attempts whom nobody knows (any more). */
const unknownOwners = (database: Database, ownId: string) =>
  database.run((kysely) =>
    kysely
      .selectFrom('intents')
      .select('process_id')
      .distinct()
      .where('process_id', '<>', ownId)
      .where('process_id', 'not in', kysely.selectFrom('processes').select('process_id'))
      .execute(),
  );

const copied = [
  'attempt_id',
  'request_id',
  'at_ms',
  'caller',
  'session',
  'task',
  'model',
  'provider',
  'region',
  'profile',
  'service_tier',
  'source',
  'tags',
  'price_version',
  'input_tokens',
  'output_tokens',
  'total_tokens',
  'cost_nano',
];
const zero = ['cache_read_tokens', 'cache_write_tokens', 'cache_write_1h_tokens', 'saved_nano', 'latency_ms'];
const one = ['usage_estimated', 'cost_estimated', 'recovered'];

/** All or nothing; whoever else does the same at the same time adds nothing. */
function bookEstimates(processId: string, nowMs: number, mark: (index: number) => string): readonly Statement[] {
  const columns = [...copied, ...zero, ...one, 'outcome', 'call_count', 'written_at_ms'];
  const values = [
    ...copied.map((name) => `intents.${name}`),
    ...zero.map(() => '0'),
    ...one.map(() => '1'),
    "'failed'",
  ];
  const isFirst = `CASE WHEN EXISTS (SELECT 1 FROM attempts WHERE attempts.request_id = intents.request_id)
      OR EXISTS (SELECT 1 FROM intents AS earlier WHERE earlier.request_id = intents.request_id
        AND earlier.process_id = intents.process_id AND earlier.attempt_id < intents.attempt_id) THEN 0 ELSE 1 END`;
  return [
    {
      sql: `INSERT INTO attempts (${columns.join(', ')})
        SELECT ${values.join(', ')}, ${isFirst}, ${nowMs} FROM intents WHERE process_id = ${mark(1)}
        ON CONFLICT (attempt_id) DO NOTHING`,
      parameters: [processId],
    },
    { sql: `DELETE FROM intents WHERE process_id = ${mark(1)}`, parameters: [processId] },
    { sql: `DELETE FROM processes WHERE process_id = ${mark(1)}`, parameters: [processId] },
  ];
}
