/* What an operator is told of without asking. */

export const alertTopics = ['budgets', 'spend_rate', 'breakers', 'stores', 'readiness'] as const;
export type AlertTopic = (typeof alertTopics)[number];

export type AlertType =
  | 'budget.threshold'
  | 'budget.amount'
  | 'budget.exceeded'
  | 'budget.forecast'
  | 'spend.unusual'
  | 'breaker.open'
  | 'store.degraded'
  | 'server.not_ready'
  | 'test';

/** Something that begins and ends, and is told once for each. */
export interface Alert {
  /** The same when it begins and when it ends. */
  readonly key: string;
  readonly type: AlertType;
  readonly status: 'firing' | 'resolved';
  readonly severity: 'critical' | 'warning';
  /** One sentence, safe to show. */
  readonly summary: string;
  readonly facts: Readonly<Record<string, string | number>>;
  /** Wall clock. */
  readonly atMs: number;
  /** Wall clock when it ends by itself at the latest. */
  readonly endsAtMs?: number;
}

/** A message that was given up. */
export interface DeadLetter {
  readonly id: string;
  readonly alert: Alert;
  readonly tries: number;
  readonly why: string;
  /** Wall clock. */
  readonly failedAtMs: number;
}

export interface ReplayReport {
  /** Messages that were found and put back. */
  readonly revived: number;
  /** Of all that waited: sent just now. */
  readonly delivered: number;
}

export type TestOutcome = { readonly delivered: true } | { readonly delivered: false; readonly why: string };

/** The operator's hold on the messages. Each member throws ServiceError only. */
export interface AlertAdministration {
  /** Messages that were given up, newest first. */
  dead(): Promise<readonly DeadLetter[]>;
  /** Puts messages back and sends what is due. */
  replay(ids: readonly string[] | 'all'): Promise<ReplayReport>;
  /** Sends a message that only tests the way, once. */
  test(): Promise<TestOutcome>;
}
