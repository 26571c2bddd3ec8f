import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { Webhook } from 'standardwebhooks';
import { createWebhookSender, type WebhookSenderOptions } from '../../src/alerts/webhook-sender.js';
import { systemClock } from '../../src/core/clock.js';
import { fakeClock } from '../support/fake-clock.js';
import { startReceiver, type WebhookReceiver } from '../support/webhook-receiver.js';
import { anAlert } from './an-alert.js';

const secret = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
const olderSecret = `whsec_${Buffer.alloc(32, 8).toString('base64')}`;
const { signal } = new AbortController();

let receiver: WebhookReceiver;
beforeAll(async () => {
  receiver = await startReceiver();
});
afterEach(() => {
  receiver.received.length = 0;
  receiver.replies.length = 0;
});
afterAll(() => receiver.close());

const sender = (overrides: Partial<WebhookSenderOptions> = {}) =>
  createWebhookSender({
    url: receiver.url,
    format: 'standard',
    secrets: [secret, olderSecret],
    server: 'here',
    allowedNetworks: ['127.0.0.0/8'],
    clock: systemClock,
    ...overrides,
  });

describe('a message to a webhook', () => {
  it('is signed after Standard Webhooks, by the new secret and the old one', async () => {
    expect(await sender().send('msg_1', anAlert(), signal)).toEqual({ outcome: 'delivered' });
    const [message] = receiver.received;
    const headers = message?.headers as Record<string, string>;
    for (const known of [secret, olderSecret]) {
      expect(new Webhook(known).verify(message?.body ?? '', headers)).toEqual({
        type: 'budget.threshold',
        timestamp: '2026-11-25T12:00:00.000Z',
        data: {
          key: 'team:budget/threshold-80',
          status: 'firing',
          severity: 'warning',
          summary: 'The budget "team" is 80 % spent: $8.00 of $10.00.',
          server: 'here',
          ends_at: '2026-11-26T00:00:00.000Z',
          facts: { budget: 'team', spent: 8, limit: 10 },
        },
      });
    }
    expect(headers['webhook-id']).toBe('msg_1');
    const foreign = new Webhook(Buffer.alloc(32, 9).toString('base64'));
    expect(() => foreign.verify(message?.body ?? '', headers)).toThrow('No matching signature');
    expect(() => new Webhook(secret).verify(`${message?.body} `, headers)).toThrow('No matching signature');
  });

  it('has no signature without a secret', async () => {
    await sender({ secrets: [] }).send('msg_1', anAlert(), signal);
    expect(receiver.received[0]?.headers).not.toHaveProperty('webhook-signature');
  });

  it.each([
    [200, 'delivered'],
    [204, 'delivered'],
    [400, 'refused'],
    [404, 'refused'],
    [410, 'refused'],
    [408, 'failed'],
    [425, 'failed'],
    [429, 'failed'],
    [500, 'failed'],
    [503, 'failed'],
  ])('that is answered with %i was %s', async (status, outcome) => {
    receiver.replies.push({ status });
    expect(await sender().send('msg_1', anAlert(), signal)).toMatchObject({ outcome });
  });

  it('hears when to come again, in seconds or as a date', async () => {
    const clock = fakeClock({ startMs: Date.UTC(2026, 10, 25) });
    receiver.replies.push({ status: 429, headers: { 'retry-after': '90' } });
    expect(await sender({ clock }).send('msg_1', anAlert(), signal)).toMatchObject({ retryAfterMs: 90_000 });
    receiver.replies.push({ status: 503, headers: { 'retry-after': 'Wed, 25 Nov 2026 00:01:00 GMT' } });
    expect(await sender({ clock }).send('msg_1', anAlert(), signal)).toMatchObject({ retryAfterMs: 60_000 });
    receiver.replies.push({ status: 503, headers: { 'retry-after': 'soon' } });
    expect(await sender({ clock }).send('msg_1', anAlert(), signal)).not.toHaveProperty('retryAfterMs');
  });

  it('does not follow a redirect', async () => {
    receiver.replies.push({ status: 302, headers: { location: receiver.url } });
    expect(await sender().send('msg_1', anAlert(), signal)).toEqual({
      outcome: 'refused',
      why: 'Redirects (302) are not followed.',
    });
    expect(receiver.received).toHaveLength(1);
  });

  it('fails when nobody answers in time, or nobody is there', async () => {
    receiver.replies.push({ status: 200, hang: true });
    expect(await sender({ timeoutMs: 300 }).send('msg_1', anAlert(), signal)).toEqual({
      outcome: 'failed',
      why: 'No answer within 300 ms.',
    });
    expect(await sender({ url: 'http://127.0.0.1:1/' }).send('msg_1', anAlert(), signal)).toEqual({
      outcome: 'failed',
      why: 'The receiver could not be reached (ECONNREFUSED).',
    });
  });

  it('never leaves for an address that is not allowed, by number or by name', async () => {
    const closed = { allowedNetworks: [], url: receiver.url.replace('http:', 'https:') };
    expect(await sender(closed).send('msg_1', anAlert(), signal)).toMatchObject({ outcome: 'refused' });
    const named = { ...closed, url: 'https://receiver.example/' };
    const outcome = await sender({
      ...named,
      lookup: (_host, _options, done) => done(null, [{ address: '127.0.0.1', family: 4 }]),
    }).send('msg_1', anAlert(), signal);
    expect(outcome).toMatchObject({ outcome: 'refused', why: expect.stringContaining('(loopback)') });
    expect(receiver.received).toHaveLength(0);
  });

  it('reaches an allowed network by name', async () => {
    const { port } = new URL(receiver.url);
    const outcome = await sender({
      url: `http://receiver.example:${port}/named`,
      lookup: (_host, _options, done) => done(null, [{ address: '127.0.0.1', family: 4 }]),
    }).send('msg_1', anAlert(), signal);
    expect(outcome).toEqual({ outcome: 'delivered' });
    expect(receiver.received[0]?.path).toBe('/named');
  });

  it('reaches Slack, PagerDuty and Alertmanager in their own words', async () => {
    const bodies: unknown[] = [];
    for (const format of ['slack', 'pagerduty', 'alertmanager'] as const) {
      for (const status of ['firing', 'resolved'] as const) {
        await sender({ format, secrets: [], routingKey: 'routing-key' }).send('msg_1', anAlert({ status }), signal);
        bodies.push(JSON.parse(receiver.received.at(-1)?.body ?? ''));
      }
    }
    expect(bodies).toMatchSnapshot();
  });

  it('escapes what Slack would read as a command, and shortens a key that is too long for PagerDuty', async () => {
    const alert = anAlert({ summary: '<!channel> & more', key: 'k'.repeat(300) });
    await sender({ format: 'slack' }).send('msg_1', alert, signal);
    expect(receiver.received.at(-1)?.body).toContain('&lt;!channel&gt; &amp; more');
    await sender({ format: 'pagerduty' }).send('msg_1', alert, signal);
    expect(JSON.parse(receiver.received.at(-1)?.body ?? '').dedup_key).toMatch(/^[0-9a-f]{64}$/);
  });
});
