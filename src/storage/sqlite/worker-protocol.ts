import type { Statement, StatementResult } from './sql-driver.js';

/** What the main thread asks of the thread that owns the connection. */
export type WorkerRequest =
  /** All statements or none, in one group with those of others; answered after the commit. */
  | { readonly id: number; readonly kind: 'write'; readonly statements: readonly Statement[] }
  | { readonly id: number; readonly kind: 'read'; readonly statement: Statement }
  /** From here to its end only the statements of this transaction run. */
  | { readonly id: number; readonly kind: 'begin'; readonly transaction: number }
  | { readonly id: number; readonly kind: 'step'; readonly transaction: number; readonly statement: Statement }
  | { readonly id: number; readonly kind: 'end'; readonly transaction: number; readonly commit: boolean }
  | { readonly id: number; readonly kind: 'close' };

export type WorkerReply =
  | { readonly id: number; readonly results: readonly StatementResult[] }
  | { readonly id: number; readonly failure: WorkerFailure };

/** An error as it crosses the border of a thread. */
export interface WorkerFailure {
  readonly message: string;
  readonly code?: string;
}

export interface WorkerOptions {
  readonly file: string;
  /** A reader sees what writers have committed, and writes nothing. */
  readonly role: 'writer' | 'reader';
}

/** The first message of a thread. */
export type WorkerStart = { readonly ready: true } | { readonly failure: WorkerFailure };

export function failureOf(error: unknown): WorkerFailure {
  if (!(error instanceof Error)) return { message: String(error) };
  const code: unknown = 'code' in error ? error.code : undefined;
  return { message: error.message, ...(typeof code === 'string' && { code }) };
}
