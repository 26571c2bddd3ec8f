import type { Alert } from '../../core/alerts.js';
import { type DeliveryStore, mostDead } from '../delivery-store.js';

interface Message {
  readonly id: string;
  readonly alert: Alert;
  tries: number;
  /** Undefined: given up. */
  dueAtMs: number | undefined;
  why: string;
  changedAtMs: number;
}

/** Messages of this process, which end with it: for when no database takes them. */
export function createMemoryDeliveryStore(mostWaiting = 1_000): DeliveryStore {
  const messages = new Map<string, Message>();
  const isDead = ({ dueAtMs }: Message): boolean => dueAtMs === undefined;
  const all = (): readonly Message[] => [...messages.values()];
  const dead = (): readonly Message[] =>
    all()
      .filter(isDead)
      .toSorted((left, right) => right.changedAtMs - left.changedAtMs);
  const waiting = (): readonly Message[] => all().filter((message) => !isDead(message));

  return {
    add: async (id, alert, nowMs) => {
      if (messages.has(id)) return true;
      if (waiting().length >= mostWaiting) return false;
      messages.set(id, { id, alert, tries: 0, dueAtMs: nowMs, why: '', changedAtMs: nowMs });
      return true;
    },
    claim: async (nowMs, leaseMs) => {
      const seen = new Set<string>();
      const due = waiting().find(({ alert, dueAtMs = 0 }) => {
        const isFirst = !seen.has(alert.key);
        seen.add(alert.key);
        return isFirst && dueAtMs <= nowMs;
      });
      if (!due) return undefined;
      due.dueAtMs = nowMs + leaseMs;
      due.tries += 1;
      return { id: due.id, alert: due.alert, tries: due.tries };
    },
    delivered: async (id) => {
      messages.delete(id);
    },
    postpone: async (id, dueAtMs, why) => {
      const message = messages.get(id);
      if (message) Object.assign(message, { dueAtMs, why });
    },
    bury: async (id, why, nowMs) => {
      const message = messages.get(id);
      if (message) Object.assign(message, { dueAtMs: undefined, why, changedAtMs: nowMs });
      for (const old of dead().slice(mostDead)) messages.delete(old.id);
    },
    dead: async () =>
      dead().map(({ id, alert, tries, why, changedAtMs: failedAtMs }) => ({ id, alert, tries, why, failedAtMs })),
    revive: async (ids, nowMs) => {
      const revived = dead().filter(({ id }) => ids === 'all' || ids.includes(id));
      for (const message of revived) Object.assign(message, { dueAtMs: nowMs, tries: 0 });
      return revived.length;
    },
    counts: async () => ({ waiting: waiting().length, dead: dead().length }),
  };
}
