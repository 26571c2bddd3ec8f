import { mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type AuthenticationOptions, createAuthenticationManager } from '../../src/bedrock/authentication-manager.js';
import { systemClock } from '../../src/core/clock.js';
import { callContext } from '../support/call-context.js';
import { fakeClock } from '../support/fake-clock.js';
import { startTestSandbox } from '../support/sandbox.js';
import { clientOf, errorOf, routed } from './client-setup.js';

const given = { ...process.env };
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bedrock-credentials-'));
  for (const name of Object.keys(process.env)) if (name.startsWith('AWS_')) delete process.env[name];
  process.env['AWS_EC2_METADATA_DISABLED'] = 'true';
  process.env['AWS_SHARED_CREDENTIALS_FILE'] = join(folder, 'credentials');
  process.env['AWS_CONFIG_FILE'] = join(folder, 'config');
});
afterEach(async () => {
  for (const name of Object.keys(process.env)) if (name.startsWith('AWS_')) delete process.env[name];
  Object.assign(process.env, given);
  await rm(folder, { recursive: true });
});

const clock = systemClock;
const manager = (options: Partial<AuthenticationOptions> = {}) => createAuthenticationManager({ clock, ...options });
const writeKeys = (id: string, secret: string, profile = 'default', file = 'credentials') =>
  writeFile(join(folder, file), `[${profile}]\naws_access_key_id = ${id}\naws_secret_access_key = ${secret}\n`);

/** Credentials of a process that counts its runs: each run gives another key. */
async function countingProcess(validForMs?: number) {
  const script = join(folder, 'process.mjs');
  const expiration = validForMs === undefined ? '' : `, Expiration: new Date(Date.now() + ${validForMs}).toISOString()`;
  await writeFile(
    script,
    `import { appendFileSync, readFileSync } from 'node:fs';
     appendFileSync(${JSON.stringify(join(folder, 'runs'))}, 'x');
     const runs = readFileSync(${JSON.stringify(join(folder, 'runs'))}, 'utf8').length;
     console.log(JSON.stringify({ Version: 1, AccessKeyId: 'AKIARUN' + runs, SecretAccessKey: 's'${expiration} }));`,
  );
  await writeFile(join(folder, 'config'), `[profile counting]\ncredential_process = ${process.execPath} ${script}\n`);
}

describe('a source', () => {
  it('of given keys wins over all others', async () => {
    process.env['AWS_ACCESS_KEY_ID'] = 'ambient';
    process.env['AWS_SECRET_ACCESS_KEY'] = 'ambient';
    const all = { accessKeyId: 'a', secretAccessKey: 's', sessionToken: 't', bearerToken: 'b', profile: 'dev' };
    const authentication = manager(all);
    expect(await authentication.credentials()).toEqual({ accessKeyId: 'a', secretAccessKey: 's', sessionToken: 't' });
    expect(authentication.source).toBe('AWS_BEDROCK_ACCESS_KEY_ID');
    expect(authentication.bearer()).toBeUndefined();
  });

  it('of a bearer token wins over profile and chain', () => {
    const authentication = manager({ bearerToken: 'b', profile: 'dev' });
    expect(authentication.bearer()).toBe('b');
    expect(authentication.source).toBe('AWS_BEARER_TOKEN_BEDROCK');
  });

  it('of a profile is read from the shared file', async () => {
    await writeKeys('AKIADEV', 's', 'dev');
    const authentication = manager({ profile: 'dev', region: 'eu-west-1' });
    expect(authentication.source).toBe('profile dev');
    expect(await authentication.credentials()).toMatchObject({ accessKeyId: 'AKIADEV' });
    expect(authentication.source).toBe('profile dev (shared credentials file)');
  });

  it('of the default chain says what was found', async () => {
    process.env['AWS_ACCESS_KEY_ID'] = 'AKIAENV';
    process.env['AWS_SECRET_ACCESS_KEY'] = 's';
    const authentication = manager();
    expect(authentication.lastOutcome()).toBeUndefined();
    expect(await authentication.credentials()).toMatchObject({ accessKeyId: 'AKIAENV' });
    expect(authentication.source).toBe('default chain (AWS_ACCESS_KEY_ID)');
    expect(authentication.lastOutcome()).toEqual({ ok: true });
  });

  it.each([
    [{ accessKeyId: 'a' }, 'AWS_BEDROCK_SECRET_ACCESS_KEY'],
    [{ secretAccessKey: 's' }, 'AWS_BEDROCK_ACCESS_KEY_ID'],
  ])('of half a pair %j is refused at the start', async (options, missing) => {
    const error = await errorOf((async () => manager(options))());
    expect(error).toMatchObject({ category: 'authentication', reason: 'credentials_missing' });
    expect(error.remedy).toContain(missing);
  });

  it.each([{}, { profile: 'nobody' }])('that has nothing %j says what to set', async (options) => {
    const authentication = manager(options);
    const error = await errorOf(authentication.credentials());
    expect(error).toMatchObject({ category: 'authentication', reason: 'credentials_missing' });
    expect(error.remedy).toContain('AWS_BEDROCK_ACCESS_KEY_ID');
    expect(error.message).not.toContain(folder);
    expect(authentication.lastOutcome()).toEqual({ ok: false, error });
    await writeKeys('AKIALATER', 's', options.profile);
    expect(await authentication.credentials()).toMatchObject({ accessKeyId: 'AKIALATER' });
  });
});

describe('what was loaded', () => {
  it('is shared by all who ask at the same time, and kept', async () => {
    await countingProcess();
    const authentication = manager({ profile: 'counting' });
    const keys = await Promise.all([1, 2, 3].map(() => authentication.credentials()));
    keys.push(await authentication.credentials());
    expect(keys.map(({ accessKeyId }) => accessKeyId)).toEqual(Array(4).fill('AKIARUN1'));
    await Promise.all([authentication.refresh(), authentication.refresh()]);
    expect(await authentication.credentials()).toMatchObject({ accessKeyId: 'AKIARUN2' });
  });

  it('is loaded anew ahead of its end, but not for each call', async () => {
    await countingProcess(360_000);
    const later = fakeClock({ startMs: Date.now() });
    const authentication = manager({ clock: later, profile: 'counting' });
    const key = async () => (await authentication.credentials()).accessKeyId;
    expect([await key(), await key()]).toEqual(['AKIARUN1', 'AKIARUN1']);
    await later.advance(90_000);
    expect([await key(), await key()]).toEqual(['AKIARUN2', 'AKIARUN2']);
    await later.advance(10_000_000);
    expect(await key()).toBe('AKIARUN3');
  });

  it('is used to its end when no other can be had', async () => {
    await countingProcess(360_000);
    const later = fakeClock({ startMs: Date.now() });
    const authentication = manager({ clock: later, profile: 'counting' });
    await authentication.credentials();
    await writeFile(join(folder, 'config'), '');
    await later.advance(90_000);
    expect(await authentication.credentials()).toMatchObject({ accessKeyId: 'AKIARUN1' });
    await later.advance(10_000_000);
    expect((await errorOf(authentication.credentials())).category).toBe('authentication');
  });

  it('is not waited for without end', async () => {
    await writeFile(
      join(folder, 'config'),
      `[profile slow]\ncredential_process = ${process.execPath} -e "setTimeout(()=>{},700)"\n`,
    );
    const waiting = fakeClock();
    const call = errorOf(manager({ clock: waiting, profile: 'slow' }).credentials());
    await waiting.advance(15_000);
    expect(await call).toMatchObject({ category: 'authentication', message: expect.stringContaining('in time') });
  });
});

describe('refused credentials', () => {
  it('are loaded anew once, and not again for each call that meets them', async () => {
    await writeKeys('AKIAOLD', 's');
    const later = fakeClock();
    const authentication = manager({ clock: later });
    const old = await authentication.credentials();
    expect(await authentication.renew(old)).toBe(false);
    await writeKeys('AKIANEW', 's');
    expect(await authentication.renew(old)).toBe(false);
    await later.advance(5_000);
    expect(await authentication.renew(old)).toBe(true);
    expect(await authentication.renew(old)).toBe(true);
  });

  it('are replaced and the call repeated, signed with the new key', async () => {
    const sandbox = await startTestSandbox();
    const { accessKeyId, secretAccessKey } = sandbox.credentials;
    await writeKeys(accessKeyId, secretAccessKey);
    const client = clientOf(sandbox.url, sandbox.catalogue, { authentication: manager() });
    await client.converse(routed(), callContext());
    await sandbox.control.credentials({ expire: accessKeyId });
    await sandbox.control.credentials({ add: { accessKeyId: 'AKIAROTATED000000000', secretAccessKey: 'new' } });
    await writeKeys('AKIAROTATED000000000', 'new');
    const answers = await Promise.all([1, 2, 3].map(() => client.converse(routed(), callContext())));
    expect(answers.map(({ stopReason }) => stopReason)).toEqual(Array(3).fill('end_turn'));
    const calls = (await sandbox.control.calls()).slice(1);
    const keysAnswered = (status: number) =>
      calls.filter((call) => call.status === status).map((call) => call.accessKeyId ?? accessKeyId);
    expect(keysAnswered(403)).toEqual(Array(3).fill(accessKeyId));
    expect(keysAnswered(200)).toEqual(Array(3).fill('AKIAROTATED000000000'));
    client.close();
    await sandbox.close();
  });

  it('that do not change end the call with what AWS said', async () => {
    const sandbox = await startTestSandbox();
    const { accessKeyId, secretAccessKey } = sandbox.credentials;
    await sandbox.control.credentials({ expire: accessKeyId });
    const client = clientOf(sandbox.url, sandbox.catalogue, {
      authentication: manager({ accessKeyId, secretAccessKey }),
    });
    const error = await errorOf(client.converse(routed(), callContext()));
    expect(error).toMatchObject({ category: 'authentication', reason: 'credentials_expired' });
    expect(await sandbox.control.calls()).toHaveLength(1);
    client.close();
    await sandbox.close();
  });

  it('that are missing end the call before anything is sent', async () => {
    const sandbox = await startTestSandbox();
    const client = clientOf(sandbox.url, sandbox.catalogue, { authentication: manager() });
    const error = await errorOf(client.converse(routed(), callContext()));
    expect(error).toMatchObject({ category: 'authentication', reason: 'credentials_missing' });
    expect(await sandbox.control.calls()).toEqual([]);
    client.close();
    await sandbox.close();
  });
});

describe('many calls', () => {
  it('cause one fetch of credentials, be it for a thousand', async () => {
    const sandbox = await startTestSandbox();
    await countingProcess();
    await sandbox.control.credentials({ add: { accessKeyId: 'AKIARUN1', secretAccessKey: 's' } });
    const authentication = manager({ profile: 'counting' });
    const client = clientOf(sandbox.url, sandbox.catalogue, { authentication, connection: { maxSockets: 100 } });
    const ask = () => client.converse(routed(), callContext());
    for (let batch = 0; batch < 20; batch += 1) await Promise.all(Array.from({ length: 50 }, ask));
    expect(await sandbox.control.calls()).toHaveLength(1_000);
    expect(await readFile(join(folder, 'runs'), 'utf8')).toBe('x');
    client.close();
    await sandbox.close();
  }, 60_000);

  it('do not notice that the keys are rotated under them, and new ones use the new key within 2 s', async () => {
    const sandbox = await startTestSandbox();
    const { accessKeyId, secretAccessKey } = sandbox.credentials;
    const next = { accessKeyId: 'AKIAROTATED000000000', secretAccessKey: 'new' };
    await writeKeys(accessKeyId, secretAccessKey);
    await sandbox.control.latency({ firstTokenMs: 1_500 });
    const authentication = manager({ watchFiles: true });
    const client = clientOf(sandbox.url, sandbox.catalogue, {
      authentication,
      connection: { maxSockets: 300 },
      firstTokenTimeoutMs: 20_000,
    });
    const running = Array.from({ length: 200 }, () => client.converse(routed(), callContext()));
    await clock.sleep(300);

    // As AWS has it rotated: the new key is made, written by a rename, and the old one deleted after a while.
    await sandbox.control.credentials({ add: next });
    await writeKeys(next.accessKeyId, next.secretAccessKey, 'default', 'credentials.new');
    await rename(join(folder, 'credentials.new'), join(folder, 'credentials'));
    const rotatedAtMs = Date.now();
    while ((await authentication.credentials()).accessKeyId !== next.accessKeyId) {
      if (Date.now() - rotatedAtMs > 2_000) break;
      await clock.sleep(20);
    }
    expect(Date.now() - rotatedAtMs).toBeLessThan(2_000);
    await sandbox.control.credentials({ remove: accessKeyId });
    await sandbox.control.latency({ firstTokenMs: 0 });
    const later = await Promise.all([1, 2, 3].map(() => client.converse(routed(), callContext())));

    const answers = [...(await Promise.all(running)), ...later];
    expect(new Set(answers.map(({ stopReason }) => stopReason))).toEqual(new Set(['end_turn']));
    const calls = await sandbox.control.calls();
    expect(calls.filter(({ status }) => status === 200)).toHaveLength(203);
    expect(calls.slice(-3).map((call) => [call.status, call.accessKeyId])).toEqual(
      Array(3).fill([200, next.accessKeyId]),
    );
    authentication.close();
    client.close();
    await sandbox.close();
  }, 30_000);
});

it('keeps what it has when a file is rotated to something unreadable, and takes what comes after', async () => {
  await writeKeys('AKIAONE', 's');
  const authentication = manager({ watchFiles: true });
  const key = async () => (await authentication.credentials()).accessKeyId;
  const until = async (done: () => boolean | Promise<boolean>) => {
    for (let look = 0; look < 100 && !(await done()); look += 1) await clock.sleep(20);
  };
  expect(await key()).toBe('AKIAONE');
  await writeFile(join(folder, 'credentials'), '[default]\naws_access_key_id = AKIAHALF\n');
  await until(() => authentication.lastOutcome()?.ok === false);
  expect(authentication.lastOutcome()).toMatchObject({ ok: false });
  expect(await key()).toBe('AKIAONE');
  await writeKeys('AKIATWO', 's');
  await until(async () => (await key()) === 'AKIATWO');
  expect(await key()).toBe('AKIATWO');
  expect(authentication.lastOutcome()).toEqual({ ok: true });
  authentication.close();
});
