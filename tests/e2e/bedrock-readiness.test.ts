import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, it } from '@jest/globals';
import { type Application, compose } from '../../src/compose.js';
import { loadSettings } from '../../src/config/settings.js';
import { systemClock, systemRandom } from '../../src/core/clock.js';
import type { HealthStatus } from '../../src/core/ports.js';
import { modelRequest } from '../../src/core/request.js';
import { startTestSandbox, type TestSandbox } from '../support/sandbox.js';

const clock = systemClock;
const silent = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
let sandbox: TestSandbox;
let folder: string;
let application: Application;

beforeAll(async () => {
  sandbox = await startTestSandbox();
  folder = mkdtempSync(join(tmpdir(), 'bedrock-readiness-'));
});
afterEach(async () => {
  await application.service.close();
  await sandbox.control.reset();
});
afterAll(async () => {
  await sandbox.close();
  rmSync(folder, { recursive: true, force: true });
});

async function start(overrides: Record<string, string> = {}) {
  const { accessKeyId, secretAccessKey } = sandbox.credentials;
  const env = {
    BEDROCK_DATA_DIR: folder,
    BEDROCK_CACHE_TTL: '0',
    AWS_ENDPOINT_URL: sandbox.url,
    AWS_BEDROCK_ACCESS_KEY_ID: accessKeyId,
    AWS_BEDROCK_SECRET_ACCESS_KEY: secretAccessKey,
    ...overrides,
  };
  const loaded = await loadSettings({ env, readFile: () => Promise.reject(new Error('no file')) });
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems));
  const { settings } = loaded;
  application = await compose({ settings, version: 'test', logger: silent, clock, random: systemRandom });
  await application.warm();
  return application.service;
}

const checkNamed = async (name: string) =>
  (await application.service.health(false)).checks.find((check) => check.name === name);

async function until(name: string, status: HealthStatus) {
  for (let look = 0; look < 150; look += 1) {
    const check = await checkNamed(name);
    if (check?.status === status && !/not asked|being verified/.test(check.detail)) return check;
    await clock.sleep(50);
  }
  return checkNamed(name);
}

const ask = (model: string, more = {}) =>
  application.service.invoke(modelRequest.parse({ prompt: 'Hello', model, ...more }), {
    tool: 'bedrock_invoke',
    caller: { id: 'c', tenant: 't' },
    signal: new AbortController().signal,
  });

it('is not ready with credentials that AWS refuses, stays up, and is ready once it takes them', async () => {
  const key = { accessKeyId: 'AKIANOTYETKNOWN00000', secretAccessKey: 'later' };
  await start({ AWS_BEDROCK_ACCESS_KEY_ID: key.accessKeyId, AWS_BEDROCK_SECRET_ACCESS_KEY: key.secretAccessKey });
  const refused = await until('bedrock', 'unhealthy');
  expect(refused).toMatchObject({
    status: 'unhealthy',
    detail: expect.stringMatching(/^Not ready after 3 tries.*AWS_BEDROCK_ACCESS_KEY_ID/),
    remedy: expect.stringContaining('credentials'),
  });
  expect((await application.service.health(false)).status).toBe('unhealthy');
  await sandbox.control.credentials({ add: key });
  await ask('nova-lite');
  expect(await checkNamed('bedrock')).toMatchObject({ status: 'healthy' });
}, 20_000);

it('verifies the credentials, the access to three models and the clock by itself', async () => {
  await start();
  expect(await until('bedrock', 'healthy')).toMatchObject({ status: 'healthy' });
  expect((await until('models', 'healthy'))?.detail).toMatch(/^3 of 3 models asked about can be called/);
  expect((await checkNamed('connections'))?.detail).toContain('clock agrees with AWS');
});

it('takes a model without access out of rotation, and says so to who asks for it', async () => {
  await start();
  await until('models', 'healthy');
  const model = 'openai.gpt-oss-120b-1:0';
  await sandbox.control.access({ model, access: 'denied' });
  const first = await ask(model);
  expect(first.record.attempts[0]?.failure?.reason).toBe('access_not_enabled');
  expect(first.response.served.model).not.toBe(model);
  const second = await ask(model);
  expect(second.record.attempts.map(({ target }) => target.model)).not.toContain(model);
  expect(second.response.notices.join(' ')).toContain('Access is not enabled');
  await expect(ask(model, { fallback: false })).rejects.toMatchObject({ category: 'model_unavailable' });
});
