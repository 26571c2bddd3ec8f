import type { Caller } from './pipeline.js';
import type { Message } from './request.js';

/* Conversations that are kept here, so that their callers need not send them again, and may share them. */

export interface Session {
  readonly id: string;
  /** Who created it and may share and close it. */
  readonly owner: Pick<Caller, 'id' | 'tenant'>;
  /** Ids of other callers of the same tenant, who may read and continue it. */
  readonly sharedWith: readonly string[];
  readonly title?: string;
  readonly system?: string;
  readonly messages: readonly Message[];
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
  /** Wall clock; each change moves it. */
  readonly expiresAtMs: number;
  /** Counts changes, from 1. */
  readonly version: number;
}

/** A session without what was said in it. */
export interface SessionSummary extends Omit<Session, 'messages' | 'system'> {
  readonly messageCount: number;
}

export function summaryOf({ messages, system: _, ...rest }: Session): SessionSummary {
  return { ...rest, messageCount: messages.length };
}

export interface NewSession {
  readonly title?: string;
  readonly system?: string;
  readonly messages: readonly Message[];
}

/**
 * Each member throws ServiceError only: validation when the caller has no such session, the same for those of others.
 */
export interface Sessions {
  /** @throws ServiceError rate_limit when the caller has too many. */
  create(session: NewSession, caller: Caller): Promise<Session>;
  get(id: string, caller: Caller): Promise<Session>;
  /** Adds to the end, whoever else adds at the same time. @throws ServiceError validation when it would be too long. */
  append(id: string, messages: readonly Message[], caller: Caller): Promise<Session>;
  /** One's own and those shared with one, the one that changed last first. */
  list(caller: Caller): Promise<readonly SessionSummary[]>;
  /** Lets other callers of the tenant continue it; the owner only. */
  share(id: string, callers: readonly string[], caller: Caller): Promise<Session>;
  /** Forgets it, for everybody; the owner only. */
  close(id: string, caller: Caller): Promise<void>;
}
