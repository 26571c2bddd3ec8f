import { runStatement, type SqlDriver, type Statement, type StatementResult } from './sql-driver.js';
import { inTransaction } from './transaction.js';
import { failureOf, type WorkerReply, type WorkerRequest } from './worker-protocol.js';

/** Writes of one commit: a bound on how long the first of them waits for the last. */
const largestGroup = 256;
/** A transaction that its owner forgot must not stop everybody else. */
const longestTransactionMs = 10_000;

export interface GroupCommit {
  /** Takes requests in the order in which they came and answers through `reply`. */
  take(requests: readonly WorkerRequest[]): void;
}

type Write = Extract<WorkerRequest, { kind: 'write' }>;
type Transactional = Extract<WorkerRequest, { kind: 'step' | 'end' }>;

/**
 * Runs requests on one connection. Writes that wait while another commit is on its way to the disk share the next one, so
 * that the cost of a commit is shared by as many as there are, and nobody waits for company.
 */
export function createGroupCommit(driver: SqlDriver, reply: (replies: readonly WorkerReply[]) => void): GroupCommit {
  let waiting: WorkerRequest[] = [];
  let open: { readonly transaction: number; readonly timer: NodeJS.Timeout } | undefined;

  const answer = (id: number, work: () => readonly StatementResult[]): WorkerReply => {
    try {
      return { id, results: work() };
    } catch (error) {
      return { id, failure: failureOf(error) };
    }
  };
  const begin = (transaction: number): void => {
    driver.execute('BEGIN IMMEDIATE');
    const timer = setTimeout(() => finish(false), longestTransactionMs);
    open = { transaction, timer };
  };
  const finish = (commit: boolean): void => {
    clearTimeout(open?.timer);
    open = undefined;
    try {
      driver.execute(commit ? 'COMMIT' : 'ROLLBACK');
    } finally {
      // What waited for the transaction goes on after its owner has been answered.
      if (waiting.length > 0) setImmediate(drain);
    }
  };
  const inOpenTransaction = (request: Transactional): readonly StatementResult[] => {
    if (open?.transaction !== request.transaction) throw new Error('The transaction took too long and was undone.');
    if (request.kind === 'step') return [runStatement(driver, request.statement)];
    finish(request.commit);
    return [];
  };
  const single = (request: Exclude<WorkerRequest, Write>): WorkerReply =>
    answer(request.id, () => {
      if (request.kind === 'read') return [runStatement(driver, request.statement)];
      if (request.kind === 'begin') begin(request.transaction);
      else if (request.kind === 'close') driver.close();
      else return inOpenTransaction(request);
      return [];
    });
  const drain = (): void => {
    while (waiting.length > 0 && !open) {
      const [next] = waiting;
      if (next?.kind === 'write') {
        const group = writesAtFront(waiting);
        waiting = waiting.slice(group.length);
        reply(commitGroup(driver, group));
      } else if (next) {
        waiting = waiting.slice(1);
        reply([single(next)]);
      }
    }
  };

  return {
    take: (requests) => {
      for (const request of requests) {
        if (request.kind === 'step' || request.kind === 'end') reply([single(request)]);
        else waiting.push(request);
      }
      drain();
    },
  };
}

function writesAtFront(waiting: readonly WorkerRequest[]): readonly Write[] {
  const group: Write[] = [];
  for (const request of waiting) {
    if (request.kind !== 'write' || group.length === largestGroup) break;
    group.push(request);
  }
  return group;
}

/** One that fails takes only itself back; when the commit fails, all have failed. */
function commitGroup(driver: SqlDriver, group: readonly Write[]): readonly WorkerReply[] {
  try {
    return inTransaction(driver, () => group.map((write) => writeApart(driver, write)));
  } catch (error) {
    const failure = failureOf(error);
    return group.map(({ id }) => ({ id, failure }));
  }
}

function writeApart(driver: SqlDriver, { id, statements }: Write): WorkerReply {
  driver.execute('SAVEPOINT one');
  try {
    const results = statements.map((statement: Statement) => runStatement(driver, statement));
    driver.execute('RELEASE one');
    return { id, results };
  } catch (error) {
    // Fails too when SQLite has rolled all back by itself (a full disk): then the whole group has failed.
    driver.execute('ROLLBACK TO one');
    driver.execute('RELEASE one');
    return { id, failure: failureOf(error) };
  }
}
