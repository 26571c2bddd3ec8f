import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Webhook } from 'standardwebhooks';
import { type Composed, startComposed } from '../support/composed.js';
import { until } from '../support/until.js';
import { startReceiver, type WebhookReceiver } from '../support/webhook-receiver.js';
import { run } from './fake-command-line.js';

describe('alerts, called wrongly', () => {
  it.each([
    [['alerts', 'replay'], 2, 'Give either ids, or --all.'],
    [['alerts', 'replay', 'x', '--all'], 2, 'Give either ids, or --all.'],
    [['alerts', 'list'], 1, 'BEDROCK_WEBHOOK_URL is not set'],
  ])('%j ends with %i', async (args, code, message) => {
    const { exitCode, err } = await run(args);
    expect(exitCode).toBe(code);
    expect(err).toContain(message);
  });
});

describe('a server with a webhook', () => {
  const secret = `whsec_${Buffer.alloc(24, 1).toString('base64')}`;
  let receiver: WebhookReceiver;
  let composed: Composed;
  beforeAll(async () => {
    receiver = await startReceiver();
    composed = await startComposed({
      BEDROCK_WEBHOOK_URL: receiver.url,
      BEDROCK_WEBHOOK_SECRET: secret,
      BEDROCK_WEBHOOK_ALLOWED_NETWORKS: '127.0.0.1/32',
      BEDROCK_COST_ALERT_THRESHOLD: '0.00000001',
    });
  });
  afterAll(async () => {
    await composed.close();
    await receiver.close();
  });
  const alerts = (...args: string[]) =>
    run(['alerts', ...args], { createService: async () => ({ ...composed.service, close: async () => undefined }) });

  it('tells the operator when the day costs more than it should; what is given up is listed and sent again', async () => {
    receiver.replies.push({ status: 404 });
    await composed.invoke({ prompt: 'Hello', model: 'nova-lite' });
    await until(() => receiver.received.length === 1, 60_000);
    const listed = async () => JSON.parse((await alerts('list', '--json')).out) as { id: string; why: string }[];
    await until(async () => (await listed()).length === 1);
    const [dead] = await listed();
    expect(dead).toMatchObject({ type: 'budget.amount', why: 'The receiver answered with status 404.', tries: 1 });
    expect((await alerts('list')).out).toContain('above $0.00000001');
    expect(await alerts('replay', 'unknown')).toMatchObject({ exitCode: 1 });
    const replayed = await alerts('replay', dead?.id ?? '');
    expect(replayed).toMatchObject({ exitCode: 0, out: '1 were put back; 1 were delivered.\n' });
    expect((await alerts('list')).out).toBe('No message was given up.\n');
    const [first, second] = receiver.received;
    expect(second?.headers['webhook-id']).toBe(first?.headers['webhook-id']);
    const told = new Webhook(secret).verify(second?.body ?? '', second?.headers as Record<string, string>);
    expect(told).toMatchObject({ type: 'budget.amount', data: { status: 'firing', facts: { budget: 'day' } } });
  }, 90_000);

  it('tests the way', async () => {
    expect(await alerts('test')).toMatchObject({ exitCode: 0, out: 'Delivered.\n' });
    receiver.replies.push({ status: 500 });
    const failed = await alerts('test', '--json');
    expect(failed.exitCode).toBe(1);
    expect(JSON.parse(failed.out)).toEqual({ delivered: false, why: 'The receiver answered with status 500.' });
  });
});
