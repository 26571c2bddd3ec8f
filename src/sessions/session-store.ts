import type { Session, SessionSummary } from '../core/sessions.js';

/** Where sessions are kept. Members reject when the store cannot be reached; an expired session is not there. */
export interface SessionStore {
  find(id: string): Promise<Session | undefined>;
  /**
   * Keeps this state if the one before it, `version - 1`, is what is there (nothing, for version 1). Atomic; false when
   * somebody was faster.
   */
  put(session: Session): Promise<boolean>;
  /** Those of which the caller, named by its key, is owner or guest; the latest change first, at most `limit`. */
  list(member: string, limit: number): Promise<readonly SessionSummary[]>;
  remove(id: string): Promise<void>;
  close(): Promise<void>;
}
