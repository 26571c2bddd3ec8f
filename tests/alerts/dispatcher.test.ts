import { afterEach, describe, expect, it } from '@jest/globals';
import { createAlertAdministration } from '../../src/alerts/alert-administration.js';
import { createAlertsCheck } from '../../src/alerts/alerts-check.js';
import type { DeliveryStore } from '../../src/alerts/delivery-store.js';
import { type Dispatcher, startDispatcher } from '../../src/alerts/dispatcher.js';
import { createOutbox } from '../../src/alerts/outbox.js';
import { pauseAfter } from '../../src/alerts/retry-schedule.js';
import { createMemoryDeliveryStore } from '../../src/alerts/stores/memory-delivery-store.js';
import { createWebhookSender } from '../../src/alerts/webhook-sender.js';
import type { ServerEvent } from '../../src/core/events.js';
import { fakeClock, fakeRandom } from '../support/fake-clock.js';
import { silentLogger } from '../support/silent-logger.js';
import { until } from '../support/until.js';
import { startReceiver, type WebhookReceiver } from '../support/webhook-receiver.js';
import { anAlert } from './an-alert.js';

const hourMs = 3_600_000;
const open: { dispatcher: Dispatcher; receiver: WebhookReceiver }[] = [];
afterEach(async () => {
  for (const { dispatcher, receiver } of open.splice(0)) {
    await dispatcher.stop();
    await receiver.close();
  }
});

async function start(more: { readonly first?: DeliveryStore } = {}) {
  const receiver = await startReceiver();
  const clock = fakeClock();
  const random = fakeRandom();
  const store = createMemoryDeliveryStore();
  const stores = more.first ? [more.first, store] : [store];
  const events: ServerEvent[] = [];
  const sender = createWebhookSender({
    url: receiver.url,
    format: 'standard',
    secrets: [],
    server: 'here',
    allowedNetworks: ['127.0.0.0/8'],
    clock,
  });
  const common = { stores, clock, random, logger: silentLogger };
  const dispatcher = startDispatcher({ ...common, sender, onServerEvent: (event) => void events.push(event) });
  const outbox = createOutbox({ ...common, onAdded: dispatcher.wake });
  const administration = createAlertAdministration({ ...common, sender, dispatcher });
  open.push({ dispatcher, receiver });
  /** Lets so much time pass in steps of the dispatcher, each with all that it sends. */
  const pass = async (ms: number, stepMs = 60_000): Promise<void> => {
    for (let passed = 0; passed < ms; passed += stepMs) {
      await clock.advance(stepMs);
      await dispatcher.round();
    }
  };
  return { receiver, clock, store, events, dispatcher, outbox, administration, pass };
}

const idsOf = ({ received }: WebhookReceiver) => received.map(({ headers }) => headers['webhook-id']);

describe('messages on their way', () => {
  it('leave at once, one after the other, and are forgotten', async () => {
    const { receiver, outbox, store, events } = await start();
    for (const key of ['a', 'b', 'c']) outbox.put(anAlert({ key }));
    await until(() => receiver.received.length === 3);
    expect(receiver.received.map(({ body }) => JSON.parse(body).data.key)).toEqual(['a', 'b', 'c']);
    await until(async () => (await store.counts()).waiting === 0);
    expect(events.at(-1)).toEqual({ type: 'alert-sent', outcome: 'delivered' });
  });

  it('are tried again over hours under the same id, and are given up at last', async () => {
    const { receiver, outbox, administration, pass, events } = await start();
    for (let tries = 0; tries < 10; tries += 1) receiver.replies.push({ status: 503 });
    outbox.put(anAlert());
    await until(() => receiver.received.length === 1);
    await pass(20 * hourMs);
    expect(receiver.received).toHaveLength(10);
    expect(new Set(idsOf(receiver)).size).toBe(1);
    expect(await administration.dead()).toMatchObject([
      { tries: 10, why: 'The receiver answered with status 503.', alert: anAlert() },
    ]);
    expect(events.at(-1)).toEqual({ type: 'alert-sent', outcome: 'given-up' });
    await pass(hourMs);
    expect(receiver.received).toHaveLength(10);
  });

  it('arrive late when the receiver comes back, with no word lost and none twice', async () => {
    const { receiver, outbox, pass } = await start();
    receiver.replies.push({ status: 500 }, { status: 429, headers: { 'retry-after': '7200' } });
    outbox.put(anAlert({ status: 'firing' }));
    await until(() => receiver.received.length === 1);
    outbox.put(anAlert({ status: 'resolved' }));
    await outbox.settled();
    await pass(hourMs);
    expect(receiver.received).toHaveLength(2);
    await pass(2 * hourMs);
    expect(receiver.received.map(({ body }) => JSON.parse(body).data.status)).toEqual([
      'firing',
      'firing',
      'firing',
      'resolved',
    ]);
    const [first, second, third, last] = idsOf(receiver);
    expect([second, third]).toEqual([first, first]);
    expect(last).not.toBe(first);
  });

  it('are given up at once when it will not work, and can be sent again under their id', async () => {
    const { receiver, outbox, administration } = await start();
    receiver.replies.push({ status: 410 });
    outbox.put(anAlert());
    await until(async () => (await administration.dead()).length === 1);
    const [dead] = await administration.dead();
    expect(await administration.replay(['unknown'])).toEqual({ revived: 0, delivered: 0 });
    expect(await administration.replay([dead?.id ?? ''])).toEqual({ revived: 1, delivered: 1 });
    expect(idsOf(receiver)).toEqual([dead?.id, dead?.id]);
    expect(await administration.dead()).toEqual([]);
    expect(await administration.replay('all')).toEqual({ revived: 0, delivered: 0 });
  });

  it('go through memory while the database does not take them', async () => {
    const away = () => Promise.reject(new Error('away'));
    const first = new Proxy(createMemoryDeliveryStore(), { get: () => away });
    const { receiver, outbox } = await start({ first });
    outbox.put(anAlert());
    await until(() => receiver.received.length === 1);
  });

  it('can be tested, and say why it does not work', async () => {
    const { receiver, administration } = await start();
    expect(await administration.test()).toEqual({ delivered: true });
    expect(JSON.parse(receiver.received[0]?.body ?? '')).toMatchObject({ type: 'test', data: { status: 'resolved' } });
    receiver.replies.push({ status: 401 });
    expect(await administration.test()).toEqual({ delivered: false, why: 'The receiver answered with status 401.' });
  });

  it('show in the health of the server', async () => {
    const { receiver, outbox, store, dispatcher, administration } = await start();
    const { signal } = new AbortController();
    const health = () => createAlertsCheck({ counts: store.counts, trouble: dispatcher.trouble }).run(false, signal);
    expect(await health()).toMatchObject({ status: 'healthy' });
    receiver.replies.push({ status: 404 });
    outbox.put(anAlert());
    await until(async () => (await administration.dead()).length === 1);
    expect(await health()).toMatchObject({
      status: 'degraded',
      detail: '0 messages wait, 1 were given up. The last try failed: The receiver answered with status 404.',
    });
    await administration.replay('all');
    expect(await health()).toMatchObject({ status: 'healthy' });
  });
});

describe('pauses between tries', () => {
  it('grow from seconds to hours, and no two servers keep step', () => {
    const middle = { next: () => 0.5, id: () => '' };
    const pauses = Array.from({ length: 10 }, (_, index) => (pauseAfter(index + 1, middle) ?? 0) / 1_000);
    expect(pauses).toEqual([5, 30, 120, 600, 1_800, 3_600, 7_200, 14_400, 28_800, 0]);
    expect(pauseAfter(10, middle)).toBeUndefined();
    expect(pauseAfter(1, { ...middle, next: () => 0 })).toBe(3_750);
    expect(pauseAfter(1, middle, 60_000)).toBe(60_000);
    expect(pauseAfter(1, middle, 1e12)).toBe(8 * hourMs);
  });
});
