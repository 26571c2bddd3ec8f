import type { Alert, AlertAdministration } from '../core/alerts.js';
import type { Clock, Random } from '../core/clock.js';
import type { DeliveryStore } from './delivery-store.js';
import type { Dispatcher } from './dispatcher.js';
import type { WebhookSender } from './webhook-sender.js';

export interface AlertAdministrationOptions {
  readonly stores: readonly DeliveryStore[];
  readonly sender: WebhookSender;
  readonly dispatcher: Pick<Dispatcher, 'round'>;
  readonly clock: Clock;
  readonly random: Random;
}

export function createAlertAdministration(options: AlertAdministrationOptions): AlertAdministration {
  const { stores, sender, dispatcher, clock, random } = options;
  return {
    dead: async () => (await Promise.all(stores.map((store) => store.dead()))).flat(),
    replay: async (ids) => {
      const counts = await Promise.all(stores.map((store) => store.revive(ids, clock.nowMs())));
      const revived = counts.reduce((sum, count) => sum + count, 0);
      return { revived, delivered: await dispatcher.round() };
    },
    test: async () => {
      const id = `msg_${random.id()}`;
      const outcome = await sender.send(id, testAlert(id, clock.nowMs()), new AbortController().signal);
      return outcome.outcome === 'delivered' ? { delivered: true } : { delivered: false, why: outcome.why };
    },
  };
}

/** Resolved, so that nobody is called out of bed for it. */
const testAlert = (id: string, atMs: number): Alert => ({
  key: `test/${id}`,
  type: 'test',
  status: 'resolved',
  severity: 'warning',
  summary: 'This message tests the webhook of kairos-bedrock-mcp.',
  facts: {},
  atMs,
});
