import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { createAuthenticationManager } from '../../src/bedrock/authentication-manager.js';
import { createConnectionCheck } from '../../src/bedrock/connection-check.js';
import { type ControlPlane, createControlPlane } from '../../src/bedrock/control-plane.js';
import { systemClock } from '../../src/core/clock.js';
import { ServiceError } from '../../src/core/errors.js';
import { modelId, region } from '../../src/core/target.js';
import { startTestSandbox, type TestSandbox } from '../support/sandbox.js';
import { errorOf } from './client-setup.js';

const virginia = region('us-east-1');
const clock = systemClock;
let sandbox: TestSandbox;
const opened: ControlPlane[] = [];

beforeAll(async () => {
  sandbox = await startTestSandbox();
});
afterEach(() => sandbox.control.reset());
afterAll(async () => {
  for (const each of opened) each.close();
  await sandbox.close();
});

function connect(secretAccessKey?: string, endpoint = sandbox.url) {
  const { accessKeyId } = sandbox.credentials;
  const secret = secretAccessKey ?? sandbox.credentials.secretAccessKey;
  const authentication = createAuthenticationManager({ clock, accessKeyId, secretAccessKey: secret });
  const controlPlane = createControlPlane({ clock, authentication, endpoint });
  opened.push(controlPlane);
  return {
    authentication,
    controlPlane,
    check: createConnectionCheck({ authentication, controlPlane, region: virginia }),
  };
}
const signal = new AbortController().signal;

describe('the control plane', () => {
  it('lists models with their lifecycle and whether they need a profile', async () => {
    const models = await connect().controlPlane.listFoundationModels(virginia, signal);
    expect(models.length).toBeGreaterThan(20);
    expect(models).toContainEqual({ id: expect.any(String), lifecycle: 'ACTIVE', onDemand: false });
    expect(models).toContainEqual({ id: expect.any(String), lifecycle: 'ACTIVE', onDemand: true });
  });

  it('says whether a model may be called', async () => {
    const { controlPlane } = connect();
    const id = modelId('amazon.nova-lite-v1:0');
    expect(await controlPlane.modelAvailability(id, virginia, signal)).toMatchObject({
      callable: true,
      inRegion: true,
    });
    await sandbox.control.access({ model: id, access: 'denied' });
    expect(await controlPlane.modelAvailability(id, virginia, signal)).toMatchObject({ callable: false });
  });

  it('has its errors told like those of models', async () => {
    await sandbox.control.faults({ kind: 'error', name: 'ThrottlingException', retryAfterSeconds: 1 });
    const error = await errorOf(connect().controlPlane.listFoundationModels(virginia, signal));
    expect(error).toMatchObject({ category: 'rate_limit', retryAfterMs: 1_000 });
    expect(error.message).toContain('Bedrock in us-east-1');
    expect(await sandbox.control.calls()).toHaveLength(1);
  });

  it('listens to its signal', async () => {
    await sandbox.control.faults({ kind: 'hang' });
    const controller = new AbortController();
    const call = errorOf(connect().controlPlane.listFoundationModels(virginia, controller.signal));
    await clock.sleep(50);
    controller.abort();
    expect((await call).category).toBe('cancelled');
  });
});

describe('the check', () => {
  it('tells the source of the credentials before and after they were used', async () => {
    const { authentication, check } = connect();
    expect(check.name).toBe('bedrock');
    expect(await check.run(false, signal)).toMatchObject({
      status: 'healthy',
      detail: expect.stringContaining('Not used yet'),
    });
    await authentication.credentials();
    expect(await check.run(false, signal)).toEqual({
      status: 'healthy',
      detail: 'Credentials: AWS_BEDROCK_ACCESS_KEY_ID.',
    });
  });

  it('tells that credentials could not be had', async () => {
    const error = new ServiceError('authentication', 'None.', { remedy: 'Set some.' });
    const { authentication, controlPlane } = connect();
    const failing = { ...authentication, source: 'default chain', lastOutcome: () => ({ ok: false as const, error }) };
    const check = createConnectionCheck({ authentication: failing, controlPlane, region: virginia });
    expect(await check.run(false, signal)).toEqual({
      status: 'unhealthy',
      detail: 'None. Credentials: default chain.',
      remedy: 'Set some.',
    });
  });

  it('lists the models when it looks deep', async () => {
    expect(await connect().check.run(true, signal)).toMatchObject({
      status: 'healthy',
      detail: expect.stringMatching(/^us-east-1 answers and lists \d+ models/),
    });
  });

  it('tells what is wrong when it looks deep', async () => {
    const wrong = await connect('wrong').check.run(true, signal);
    expect(wrong).toMatchObject({ status: 'unhealthy', remedy: expect.stringContaining('credentials') });
    expect(await connect(undefined, 'http://127.0.0.1:1').check.run(true, signal)).toMatchObject({
      status: 'unhealthy',
    });
    await sandbox.control.faults({ kind: 'error', name: 'AccessDeniedException' });
    expect(await connect().check.run(true, signal)).toMatchObject({ status: 'degraded' });
  });
});
