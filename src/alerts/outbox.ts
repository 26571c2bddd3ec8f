import type { Alert } from '../core/alerts.js';
import type { Clock, Random } from '../core/clock.js';
import type { Logger } from '../core/ports.js';
import type { DeliveryStore } from './delivery-store.js';

/** Messages that are being written down; more at once can only be a storm. */
const mostBeingWritten = 1_000;

export interface OutboxOptions {
  /** The first that takes a message keeps it. */
  readonly stores: readonly DeliveryStore[];
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** Told when a message has been written down. */
  readonly onAdded: () => void;
}

/** Takes messages without making anybody wait, and writes them down in their order. */
export interface Outbox {
  put(alert: Alert): void;
  /** Resolves when all that was put is written down. */
  settled(): Promise<void>;
}

export function createOutbox({ stores, clock, random, logger, onAdded }: OutboxOptions): Outbox {
  let count = 0;
  let last: Promise<void> = Promise.resolve();
  const lose = (alert: Alert): void => logger.error('An alert cannot be sent: too many wait.', { alert: alert.key });

  const write = async (alert: Alert): Promise<void> => {
    const id = `msg_${random.id()}`;
    for (const store of stores) {
      const taken = await store.add(id, alert, clock.nowMs()).catch(() => false);
      if (taken) return onAdded();
    }
    lose(alert);
  };
  return {
    put: (alert) => {
      if (count >= mostBeingWritten) return lose(alert);
      count += 1;
      last = last
        .then(() => write(alert))
        .finally(() => {
          count -= 1;
        });
      return undefined;
    },
    settled: () => last,
  };
}
