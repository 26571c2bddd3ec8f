import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { systemClock } from '../../../src/core/clock.js';
import { openApiKeys } from '../../../src/server/auth/api-keys.js';
import { createAuthentication } from '../../../src/server/auth/authentication.js';
import { createKeyAdministration, type NewApiKey } from '../../../src/server/auth/key-administration.js';
import { fakeClock } from '../../support/fake-clock.js';
import { createLogKeeper } from '../support/face.js';
import { initialize, openSession, post, type Reply, type RunningFace, send, startHttp } from '../support/http.js';

/* API keys, from the command's side of the file to the HTTP server's. */

const clock = fakeClock({ startMs: Date.UTC(2026, 10, 25) });
const logger = createLogKeeper();
let directory: string;
let file: string;
let face: RunningFace;
const secrets: Record<string, string> = {};

const administration = () => createKeyAdministration({ file, clock });
const add = async (key: NewApiKey) => {
  secrets[key.name] = await administration().add(key);
};
const bearer = (name: string) => ({ authorization: `Bearer ${secrets[name] ?? name}` });
/** The server looks at the file once a second. */
const aMomentLater = () => clock.advance(1_001);

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'keys-'));
  file = join(directory, 'made', 'keys.json');
  await add({ name: 'all', scopes: ['read', 'invoke', 'admin'], tenant: 'team' });
  await add({ name: 'reader', scopes: ['read'], groups: ['blue'] });
  await add({ name: 'spender', scopes: ['invoke'] });
  await add({ name: 'short', scopes: ['read'], expires_at: '2026-11-26T00:00:00.000Z' });
  const authentication = createAuthentication({ apiKeys: await openApiKeys({ file, clock, logger }) });
  face = await startHttp({ authentication });
});
afterAll(async () => {
  await face.close();
  await rm(directory, { recursive: true });
});

function expectDenied(reply: Reply, status: number, challenge: RegExp): void {
  expect(reply.status).toBe(status);
  expect(reply.headers['www-authenticate']).toMatch(challenge);
  expect(JSON.parse(reply.text)).toMatchObject({ jsonrpc: '2.0', error: { message: expect.any(String) } });
  for (const secret of Object.values(secrets)) expect(reply.text).not.toContain(secret);
}

const call = (name: string, args: object, id = 7) => ({
  jsonrpc: '2.0',
  id,
  method: 'tools/call',
  params: { name, arguments: args },
});

describe('the file', () => {
  it('holds no key, and only its owner may read it', async () => {
    const text = await readFile(file, 'utf8');
    for (const secret of Object.values(secrets)) {
      expect(secret).toMatch(/^kbm_[\w-]{43}$/);
      expect(text).not.toContain(secret);
    }
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(await readdir(join(directory, 'made'))).toEqual(['keys.json']);
  });

  it('takes no second key of a name, and revokes only what is there', async () => {
    await expect(add({ name: 'all', scopes: ['read'] })).rejects.toMatchObject({ category: 'validation' });
    await expect(administration().revoke('nobody')).rejects.toThrow(/no key named "nobody"/);
    await expect(add({ name: 'has space', scopes: ['read'] })).rejects.toThrow(/name: invalid_format/);
  });

  it('is changed by one command at a time, and no change is lost', async () => {
    const names = Array.from({ length: 10 }, (_, index) => `at-once-${index}`);
    const commands = names.map(() => createKeyAdministration({ file, clock: systemClock }));
    await Promise.all(commands.map((command, index) => command.add({ name: names[index] ?? '', scopes: ['read'] })));
    const kept = (await administration().list()).map(({ name }) => name).filter((name) => names.includes(name));
    expect(kept.sort()).toEqual(names.sort());
    await Promise.all(commands.map((command, index) => command.revoke(names[index] ?? '')));
    expect((await administration().list()).filter(({ name }) => names.includes(name))).toEqual([]);
  });

  it('is not changed while the lock of a command that died stands there, and the error says what to do', async () => {
    await writeFile(`${file}.lock`, '');
    const waiting = add({ name: 'late', scopes: ['read'] });
    const failed = expect(waiting).rejects.toMatchObject({
      message: 'Another command is changing the API keys.',
      remedy: expect.stringContaining(`delete ${file}.lock`),
    });
    let isOver = false;
    waiting.then(
      () => (isOver = true),
      () => (isOver = true),
    );
    while (!isOver) {
      await clock.advance(1_000);
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    await failed;
    await rm(`${file}.lock`);
  });
});

describe('a request', () => {
  it.each(['/mcp', '/sse', '/messages', '/health', '/metrics', '/nowhere', '/mcp/../metrics'])(
    'without a key opens nothing at %s',
    async (path) => {
      expectDenied(await send(face.url, { path }), 401, /^Bearer realm="kairos-bedrock-mcp"$/);
    },
  );

  it.each(['/livez', '/readyz'])('without a key is answered at %s', async (path) => {
    expect((await send(face.url, { path })).status).toBe(200);
  });

  it.each<[string, Record<string, string>]>([
    ['a key nobody has', { authorization: `Bearer kbm_${'A'.repeat(43)}` }],
    ['the prefix alone', { authorization: 'Bearer kbm_' }],
    ['no token', { authorization: 'Bearer ' }],
    ['another scheme', { authorization: 'Basic YWxsOmFsbA==' }],
    ['a token of an issuer that is not set', { authorization: 'Bearer eyJhbGciOiJub25lIn0.e30.' }],
  ])('with %s is refused', async (_, headers) => {
    expectDenied(await post(face.url, initialize(), headers), 401, /error="invalid_token"/);
  });

  it('with a key in the URL is refused, valid as it is', async () => {
    const path = `/mcp?access_token=${secrets['all']}`;
    expectDenied(await post(face.url, initialize(), bearer('all'), path), 400, /error="invalid_request"/);
  });

  it('with a key opens a session and calls tools', async () => {
    const session = await openSession(face.url, undefined, bearer('all'));
    const reply = await post(face.url, call('bedrock_invoke', { prompt: 'x' }), { ...session, ...bearer('all') });
    expect(reply.status).toBe(200);
    expect(face.service.invocations.at(-1)?.options.caller).toEqual({
      id: 'key:all',
      tenant: 'team',
      scopes: ['read', 'invoke', 'admin'],
    });
  });

  it('of a caller without the scope is refused', async () => {
    expect((await send(face.url, { path: '/metrics', headers: bearer('reader') })).status).toBe(200);
    const denied = await send(face.url, { path: '/metrics', headers: bearer('spender') });
    expectDenied(denied, 403, /error="insufficient_scope".*scope="bedrock:read"/);
  });
});

describe('sessions', () => {
  it('of others do not exist', async () => {
    const session = await openSession(face.url, undefined, bearer('all'));
    const list = { jsonrpc: '2.0', id: 2, method: 'tools/list' };
    const path = '/mcp';
    expect((await post(face.url, list, { ...session, ...bearer('all') })).status).toBe(200);
    expect((await post(face.url, list, { ...session, ...bearer('reader') })).status).toBe(404);
    expect(
      (await send(face.url, { method: 'DELETE', path, headers: { ...session, ...bearer('reader') } })).status,
    ).toBe(404);
    expect((await post(face.url, list, session)).status).toBe(401);
    expect((await post(face.url, list, { ...session, ...bearer('all') })).status).toBe(200);
  });

  it('list the tools of the scopes', async () => {
    const list = { jsonrpc: '2.0', id: 2, method: 'tools/list' };
    const listed = async (name: string) => {
      const session = await openSession(face.url, undefined, bearer(name));
      return (await post(face.url, list, { ...session, ...bearer(name) })).text;
    };
    expect(await listed('reader')).not.toContain('"bedrock_invoke"');
    expect(await listed('reader')).toContain('"bedrock_models"');
    expect(await listed('spender')).toContain('"bedrock_invoke"');
    expect(await listed('spender')).not.toContain('"bedrock_cache"');
  });
});

describe('changes while the server runs', () => {
  const statusOf = async (name: string) => (await send(face.url, { path: '/metrics', headers: bearer(name) })).status;

  it('a new key opens, a revoked one no longer', async () => {
    await add({ name: 'later', scopes: ['read'] });
    await aMomentLater();
    expect(await statusOf('later')).toBe(200);
    await administration().revoke('later');
    await aMomentLater();
    expect(await statusOf('later')).toBe(401);
  });

  it('a broken file is reported, and the keys stay', async () => {
    const good = await readFile(file, 'utf8');
    await writeFile(file, '{"version":1,"keys":[{"name":"kbm_secret-in-the-wrong-place"}]}');
    await aMomentLater();
    expect(await statusOf('reader')).toBe(200);
    const reported = logger.lines.filter(({ level }) => level === 'error');
    expect(reported).toHaveLength(1);
    expect(String(reported[0]?.fields['error'])).toMatch(/keys\.0\.sha256: invalid_type/);
    expect(String(reported[0]?.fields['error'])).not.toContain('wrong-place');
    await writeFile(file, good);
    await aMomentLater();
    expect(await statusOf('reader')).toBe(200);
  });

  it('a key ends with its time', async () => {
    expect(await statusOf('short')).toBe(200);
    await clock.advance(86_400_000);
    expect(await statusOf('short')).toBe(401);
  });
});

it.each([
  ['no file', undefined, /does not exist/],
  ['no JSON', '{', /is not JSON/],
  ['another version', '{"version":2,"keys":[]}', /version: invalid_value/],
])('the server does not start with %s', async (_, text, problem) => {
  const wrong = join(directory, 'wrong.json');
  await rm(wrong, { force: true });
  if (text !== undefined) await writeFile(wrong, text);
  await expect(openApiKeys({ file: wrong, clock, logger })).rejects.toThrow(problem);
});

it('no key was logged', () => {
  const logged = JSON.stringify([logger.lines, face.logger.lines]);
  for (const secret of Object.values(secrets)) expect(logged).not.toContain(secret);
});
