import { afterEach, expect, it } from '@jest/globals';
import { startApplication, type TestApplication } from './application.js';

const ask = { model: 'amazon.nova-lite-v1:0', fallback: false };
let app: TestApplication | undefined;
afterEach(() => app?.close());

it('a second request answers for one that hangs, and the first is ended', async () => {
  app = await startApplication({ BEDROCK_HEDGING: 'true', AWS_BEDROCK_REGION: 'us-east-1' });
  for (let call = 0; call < 20; call += 1) await app.invoke({ ...ask, prompt: `Question ${call}` });
  await app.sandbox.control.faults({ kind: 'hang', count: 1 });
  const startedMs = performance.now();
  const { record } = await app.invoke(ask);
  // Far below the first-token time-out of five seconds.
  expect(performance.now() - startedMs).toBeLessThan(3_000);
  expect(record.attempts.at(-1)).toMatchObject({ outcome: 'succeeded', number: 2 });
  // The sandbox notices the closed socket a moment later.
  const { upstream } = app;
  const isEnded = async () => (await upstream()).some(({ fault, aborted }) => fault === 'hang' && aborted);
  for (let tries = 0; tries < 100 && !(await isEnded()); tries += 1) await new Promise((wake) => setTimeout(wake, 10));
  expect(await isEnded()).toBe(true);
});
