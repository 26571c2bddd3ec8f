import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { createAuthenticationManager } from '../../src/bedrock/authentication-manager.js';
import type { Readiness } from '../../src/bedrock/authentication-readiness.js';
import { createConnectionCheck, createPoolCheck } from '../../src/bedrock/connection-check.js';
import { createConnectionWatch } from '../../src/bedrock/connection-watch.js';
import { type ControlPlane, createControlPlane } from '../../src/bedrock/control-plane.js';
import { systemClock } from '../../src/core/clock.js';
import { ServiceError } from '../../src/core/errors.js';
import { modelId, region } from '../../src/core/target.js';
import { fakeClock } from '../support/fake-clock.js';
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
    check: createConnectionCheck({
      authentication,
      controlPlane,
      readiness: inPhase({ phase: 'unused' }),
      region: virginia,
    }),
  };
}
const signal = new AbortController().signal;
const inPhase = (state: Readiness) => ({ state: () => state });

describe('the control plane', () => {
  it('lists models with their lifecycle and whether they need a profile', async () => {
    const models = await connect().controlPlane.listFoundationModels(virginia, signal);
    expect(models.length).toBeGreaterThan(20);
    expect(models).toContainEqual(expect.objectContaining({ lifecycle: 'ACTIVE', onDemand: false }));
    expect(models).toContainEqual(
      expect.objectContaining({
        id: 'amazon.nova-micro-v1:0',
        lifecycle: 'ACTIVE',
        name: 'Nova Micro',
        provider: 'amazon',
        input: ['text'],
        output: ['text'],
        streams: true,
      }),
    );
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

  it('lists the profiles of a region with the regions they lead to, over all pages', async () => {
    const profiles = await connect().controlPlane.listInferenceProfiles(virginia, signal);
    expect(profiles.length).toBeGreaterThan(20);
    expect(profiles).toContainEqual({
      id: 'us.amazon.nova-lite-v1:0',
      destinations: ['us-east-1', 'us-east-2', 'us-west-2'],
    });
    expect(profiles.find(({ id }) => id.startsWith('global.'))?.destinations).toContain('');
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

const refused = new ServiceError('authentication', 'Refused.', { remedy: 'Mend it.' });

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
    const check = (readiness: Readiness) =>
      createConnectionCheck({
        authentication: failing,
        controlPlane,
        readiness: inPhase(readiness),
        region: virginia,
      }).run(false, signal);
    const told = { detail: 'None. Credentials: default chain.', remedy: 'Set some.' };
    expect(await check({ phase: 'unused' })).toEqual({ status: 'unhealthy', ...told });
    // Earlier credentials may still be good.
    expect(await check({ phase: 'ready' })).toEqual({ status: 'degraded', ...told });
  });

  it.each([
    [{ phase: 'starting', tries: 0 } as const, 'healthy', 'are being verified'],
    [{ phase: 'starting', tries: 2, error: refused } as const, 'degraded', 'Try 2 failed'],
    [{ phase: 'not_ready', tries: 3, error: refused } as const, 'unhealthy', 'Not ready after 3 tries'],
    [{ phase: 'ready', unverified: refused } as const, 'degraded', 'could not be verified'],
    [{ phase: 'ready' } as const, 'healthy', 'Credentials: AWS_BEDROCK_ACCESS_KEY_ID.'],
  ])('tells of %j', async (state, status, detail) => {
    const { authentication, controlPlane } = connect();
    await authentication.credentials();
    const options = { authentication, controlPlane, readiness: inPhase(state), region: virginia };
    const result = await createConnectionCheck(options).run(false, signal);
    expect(result).toMatchObject({ status, detail: expect.stringContaining(detail) });
    expect(result.remedy).toBe('error' in state || 'unverified' in state ? 'Mend it.' : undefined);
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

describe('the check of connections', () => {
  const at = (offsetMs: number) => new Date(Date.UTC(2026, 10, 23) + offsetMs).toUTCString();

  it.each([
    [
      undefined,
      { busy: 2, idle: 1, waiting: 0 },
      'healthy',
      '2 sockets in use, 1 idle, 0 calls wait for one; clock not',
    ],
    [at(0), { busy: 0, idle: 0, waiting: 0 }, 'healthy', 'clock agrees with AWS'],
    [at(60_000), { busy: 0, idle: 0, waiting: 0 }, 'healthy', 'clock 61 s behind AWS'],
    [at(-300_000), { busy: 0, idle: 0, waiting: 0 }, 'degraded', 'clock 300 s ahead of AWS'],
    [undefined, { busy: 2, idle: 0, waiting: 3 }, 'degraded', '3 calls wait'],
    ['nonsense', { busy: 0, idle: 0, waiting: 0 }, 'healthy', 'clock not compared yet'],
  ])('tells of time %s and pools %j', async (date, figures, status, detail) => {
    const watch = createConnectionWatch({ clock: fakeClock() });
    const forget = watch.addPool(() => figures);
    watch.sawDate(date);
    const check = createPoolCheck(watch);
    expect(check.name).toBe('connections');
    expect(await check.run(false, signal)).toMatchObject({ status, detail: expect.stringContaining(detail) });
    forget();
    expect(watch.pools()).toEqual({ busy: 0, idle: 0, waiting: 0 });
  });
});
