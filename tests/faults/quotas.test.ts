import { afterEach, describe, expect, it } from '@jest/globals';
import { startApplication, type TestApplication } from './application.js';

const lite = 'amazon.nova-lite-v1:0';
const regions = { AWS_BEDROCK_REGION: 'us-east-1', BEDROCK_REGIONS: 'us-east-1,us-west-2' };
const limited = (limits: object) =>
  Object.fromEntries(['us-east-1', 'us-west-2'].map((name) => [`${lite}@${name}`, limits]));

let app: TestApplication;
afterEach(() => app.close());

/** The service's own limits, told to the server or not. */
async function start(told: boolean, requests: number): Promise<void> {
  const quotas = JSON.stringify(limited({ requests_per_minute: requests }));
  app = await startApplication({ ...regions, ...(told && { BEDROCK_QUOTAS: quotas }) });
  await fetch(`${app.sandbox.url}/_sandbox/limits`, {
    method: 'POST',
    body: JSON.stringify({ model: lite, requestsPerMinute: requests }),
  });
}

const ask = { model: lite, fallback: false, timeout_ms: 10_000 };
const throttledCalls = async () => (await app.upstream()).filter(({ status }) => status === 429).length;

describe('quotas that are told', () => {
  it('are kept to: every region is used up without one refusal, then the caller learns when to come back', async () => {
    await start(true, 4);
    const answers = await Promise.all([...Array(8)].map(() => app.invoke(ask)));
    const used = answers.map(({ response }) => response.served.region);
    expect(used.filter((name) => name === 'us-east-1')).toHaveLength(4);
    expect(used.filter((name) => name === 'us-west-2')).toHaveLength(4);
    const refused = await app.failure(ask);
    expect(refused).toMatchObject({ category: 'rate_limit', reason: 'overloaded' });
    expect(refused.retryAfterMs).toBeGreaterThan(20_000);
    expect(await app.upstream()).toHaveLength(8);
    expect(await throttledCalls()).toBe(0);
  }, 60_000);

  it('matter: without them the service has to refuse', async () => {
    await start(false, 4);
    await Promise.allSettled([...Array(10)].map(() => app.invoke({ ...ask, timeout_ms: 2_000 })));
    expect(await throttledCalls()).toBeGreaterThan(0);
  }, 60_000);

  it('of tokens count the longest answer, and come back when it was short', async () => {
    const quotas = JSON.stringify(limited({ tokens_per_minute: 6_000 }));
    app = await startApplication({ ...regions, BEDROCK_QUOTAS: quotas });
    // One after another, ten answers that may have 2,000 tokens and have far fewer.
    for (let call = 0; call < 10; call += 1) await app.invoke({ ...ask, max_tokens: 2_000 });
    expect(await app.upstream()).toHaveLength(10);
  }, 60_000);

  it('of a model that nobody knows stop the start', async () => {
    await start(false, 4);
    const quotas = JSON.stringify({ 'amazon.nova-litte': { requests_per_minute: 4 } });
    await expect(startApplication({ ...regions, BEDROCK_QUOTAS: quotas })).rejects.toMatchObject({
      category: 'validation',
      message: expect.stringMatching(/^BEDROCK_QUOTAS: .*amazon\.nova-litte/),
    });
  }, 60_000);
});
