import type { Clock, Random } from '../core/clock.js';
import type { ServerEvent } from '../core/events.js';
import type { Logger } from '../core/ports.js';
import type { Delivery, DeliveryStore } from './delivery-store.js';
import { pauseAfter } from './retry-schedule.js';
import type { SendOutcome, WebhookSender } from './webhook-sender.js';

const intervalMs = 5_000;
/** Longer than one try can take. */
const leaseMs = 60_000;
/** Messages of one round: a bound on what it takes from everything else. */
const sentARound = 100;

export interface DispatcherOptions {
  /** Where messages wait; each has its turn. */
  readonly stores: readonly DeliveryStore[];
  readonly sender: WebhookSender;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly onServerEvent: (event: ServerEvent) => void;
}

/** Sends what is due, one after the other, for as long as it runs. */
export interface Dispatcher {
  /** Looks at once. */
  wake(): void;
  /** Sends what is due now; how many were delivered. Never rejects. */
  round(): Promise<number>;
  /** Why the last try failed; undefined when it did not. */
  trouble(): string | undefined;
  /** Resolves when nothing is sent any more. */
  stop(): Promise<void>;
}

export function startDispatcher(options: DispatcherOptions): Dispatcher {
  const { stores, sender, clock, logger } = options;
  const stopped = new AbortController();
  let sleeping = new AbortController();
  let trouble: string | undefined;
  let isStoreAway = false;
  let turn: Promise<unknown> = Promise.resolve();

  const deliver = async (store: DeliveryStore, delivery: Delivery): Promise<boolean> => {
    const outcome = await sender.send(delivery.id, delivery.alert, stopped.signal);
    trouble = outcome.outcome === 'delivered' ? undefined : outcome.why;
    // What was cut off at the end is tried again by whoever comes next.
    if (stopped.signal.aborted && outcome.outcome === 'failed') return false;
    await note(options, store, delivery, outcome);
    return outcome.outcome === 'delivered';
  };
  const drain = async (store: DeliveryStore): Promise<number> => {
    let delivered = 0;
    for (let count = 0; count < sentARound && !stopped.signal.aborted; count += 1) {
      const delivery = await store.claim(clock.nowMs(), leaseMs);
      if (!delivery) break;
      if (await deliver(store, delivery)) delivered += 1;
    }
    return delivered;
  };
  const drainAll = async (): Promise<number> => {
    let delivered = 0;
    for (const store of stores) {
      try {
        delivered += await drain(store);
        isStoreAway = false;
      } catch (error) {
        if (!isStoreAway) logger.warn('Messages that wait cannot be read or noted.', { error });
        isStoreAway = true;
      }
    }
    return delivered;
  };
  const round = (): Promise<number> => {
    const mine = turn.then(drainAll);
    turn = mine;
    return mine;
  };
  const run = async (): Promise<void> => {
    while (!stopped.signal.aborted) {
      sleeping = new AbortController();
      await round();
      if (!stopped.signal.aborted) await clock.sleep(intervalMs, sleeping.signal).catch(() => undefined);
    }
  };
  const running = run();
  return {
    wake: () => sleeping.abort(),
    round,
    trouble: () => trouble,
    stop: async () => {
      stopped.abort();
      sleeping.abort();
      await running;
      await turn;
    },
  };
}

async function note(
  { clock, random, logger, onServerEvent }: DispatcherOptions,
  store: DeliveryStore,
  { id, alert, tries }: Delivery,
  outcome: SendOutcome,
): Promise<void> {
  if (outcome.outcome === 'delivered') {
    onServerEvent({ type: 'alert-sent', outcome: 'delivered' });
    return store.delivered(id);
  }
  const { why } = outcome;
  const pauseMs = outcome.outcome === 'refused' ? undefined : pauseAfter(tries, random, outcome.retryAfterMs);
  if (pauseMs !== undefined) {
    onServerEvent({ type: 'alert-sent', outcome: 'postponed' });
    return store.postpone(id, clock.nowMs() + pauseMs, why);
  }
  onServerEvent({ type: 'alert-sent', outcome: 'given-up' });
  logger.error('A message was given up; `kairos-bedrock-mcp alerts replay` sends it again.', {
    id,
    alert: alert.key,
    tries,
    why,
  });
  return store.bury(id, why, clock.nowMs());
}
