import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { openApiKeys } from '../../../src/server/auth/api-keys.js';
import { createAuthentication } from '../../../src/server/auth/authentication.js';
import { createKeyAdministration } from '../../../src/server/auth/key-administration.js';
import { createTokenIssuer } from '../../../src/server/auth/token-issuer.js';
import { fakeClock } from '../../support/fake-clock.js';
import { createLogKeeper } from '../support/face.js';
import {
  type Call,
  initialize,
  openSession,
  post,
  postModern,
  type Reply,
  type RunningFace,
  send,
  sendBytes,
  startHttp,
} from '../support/http.js';
import { type IdentityProvider, startIdentityProvider } from '../support/identity-provider.js';

/* Who gets in and who does not: one server with API keys and an identity provider, every way to be refused by it. */

type Headers = Record<string, string>;

const clock = fakeClock({ startMs: Date.UTC(2026, 10, 25) });
const logger = createLogKeeper();
/** Whatever was sent as a key or token; none of it may be found anywhere. */
const sent: string[] = [];
let directory: string;
let keys: ReturnType<typeof createKeyAdministration>;
let provider: IdentityProvider;
let face: RunningFace;
const secrets = new Map<string, string>();

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'matrix-'));
  const file = join(directory, 'keys.json');
  keys = createKeyAdministration({ file, clock });
  for (const [name, scopes] of Object.entries({
    all: ['read', 'invoke', 'admin'],
    reader: ['read'],
    spender: ['invoke'],
  } as const))
    secrets.set(name, await keys.add({ name, scopes: [...scopes] }));
  secrets.set('short', await keys.add({ name: 'short', scopes: ['read'], expires_at: '2026-11-25T00:01:00.000Z' }));
  provider = await startIdentityProvider(clock);
  const claims = { tenantClaim: 'tenant', groupsClaim: 'groups' };
  const { url, audience } = provider;
  face = await startHttp({
    limits: { maxFailedAttempts: 10_000 },
    authentication: createAuthentication({
      apiKeys: await openApiKeys({ file, clock, logger }),
      issuer: createTokenIssuer({ url, audience, ...claims, clock, logger }),
    }),
  });
});
afterAll(async () => {
  await face.close();
  provider.close();
  await rm(directory, { recursive: true });
});
afterEach(() => {
  jest.restoreAllMocks();
});

const bearer = (token: string): Headers => {
  sent.push(token);
  return { authorization: `Bearer ${token}` };
};
const keyOf = (name: string): Headers => bearer(secrets.get(name) ?? '');
const now = () => Math.floor(clock.nowMs() / 1_000);
/** The server looks at the file of keys once a second. */
const aMomentLater = () => clock.advance(1_001);

/** Every way in: both eras, the older transport, and what operators read. */
const waysIn: Readonly<Record<string, (headers: Headers) => Promise<Reply>>> = {
  'POST /mcp of the earlier era': (headers) => post(face.url, initialize(), headers),
  'POST /mcp of the later era': (headers) => postModern(face.url, 'tools/list', {}, headers),
  'GET /mcp': (headers) => send(face.url, { path: '/mcp', headers }),
  'DELETE /mcp': (headers) => send(face.url, { method: 'DELETE', path: '/mcp', headers }),
  'GET /sse': (headers) => send(face.url, { path: '/sse', headers }),
  'POST /messages': (headers) => post(face.url, initialize(), headers, '/messages?sessionId=x'),
  'GET /metrics': (headers) => send(face.url, { path: '/metrics', headers }),
  'GET /health': (headers) => send(face.url, { path: '/health', headers }),
};
const metadata = () => `resource_metadata="${face.url}/.well-known/oauth-protected-resource/mcp"`;

/** A refusal as clients need it: status, challenge, a JSON-RPC error in our own words, and nothing of what was sent. */
function expectDenied(reply: Reply, status: number, error: string | undefined): void {
  const challenge = reply.headers['www-authenticate'] ?? '';
  expect({ status: reply.status, challenge: challenge.match(/error="(\w+)"/)?.[1] }).toEqual({
    status,
    challenge: error,
  });
  expect(challenge).toMatch(/^Bearer realm="kairos-bedrock-mcp"/);
  expect(challenge).toContain(metadata());
  expect(JSON.parse(reply.text)).toMatchObject({ jsonrpc: '2.0', error: { message: expect.any(String) } });
  for (const secret of sent.filter((token) => token.length > 20)) {
    expect(reply.text).not.toContain(secret);
    expect(challenge).not.toContain(secret);
  }
}

async function expectDeniedEverywhere(headers: Headers, error: string | undefined): Promise<void> {
  for (const ask of Object.values(waysIn)) expectDenied(await ask(headers), 401, error);
}

const statusWith = async (headers: Headers) => (await send(face.url, { path: '/metrics', headers })).status;

describe('B18, B20: a good key does not help a request that', () => {
  const paths = ['/mcp', '/sse', '/messages', '/metrics', '/health', '/.well-known/oauth-protected-resource'];

  it.each<[string, Headers]>([
    ['names a foreign host', { host: 'evil.example' }],
    ['names a host that only ends like ours', { host: '127.0.0.1.evil.example' }],
    ['names a host that only begins like ours', { host: 'localhost.evil.example' }],
    ['comes from a foreign origin', { origin: 'https://evil.example' }],
    ['comes from an opaque origin', { origin: 'null' }],
    ['comes from an origin that only begins like ours', { origin: 'http://localhost.evil.example' }],
  ])('%s', async (_, headers) => {
    for (const path of paths) {
      const reply = await send(face.url, { path, headers: { ...keyOf('all'), ...headers } });
      expect(reply.status).toBe(403);
      // Not for want of rights: asking for a token would send the client on a fool's errand.
      expect(reply.headers['www-authenticate']).toBeUndefined();
    }
  });

  it('has two Host headers', async () => {
    const head = `GET /metrics HTTP/1.1\r\nHost: 127.0.0.1\r\nHost: evil.example\r\nAuthorization: ${keyOf('all')['authorization']}`;
    expect(await sendBytes(face.url, `${head}\r\nConnection: close\r\n\r\n`)).toMatch(/^HTTP\/1\.1 400 /);
  });
});

describe('B22: a session', () => {
  const list = { jsonrpc: '2.0', id: 2, method: 'tools/list' };

  it('has an id of 122 random bits', async () => {
    const ids = new Set<string | undefined>();
    for (let round = 0; round < 5; round += 1)
      ids.add((await openSession(face.url, undefined, keyOf('all')))['mcp-session-id']);
    expect(ids.size).toBe(5);
    for (const id of ids) expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  });

  it('that a client made up is not taken over', async () => {
    const fixed = { 'mcp-session-id': '11111111-1111-4111-8111-111111111111' };
    expect((await post(face.url, initialize(), { ...fixed, ...keyOf('all') })).status).toBe(404);
    expect((await post(face.url, list, { ...fixed, ...keyOf('all') })).status).toBe(404);
  });

  it('of another caller is not found, however it is asked for', async () => {
    const session = await openSession(face.url, undefined, keyOf('all'));
    const foreign = { ...session, ...keyOf('reader') };
    const asked: Call[] = [
      { method: 'GET', path: '/mcp', headers: { ...foreign, accept: 'text/event-stream' } },
      { method: 'DELETE', path: '/mcp', headers: foreign },
    ];
    for (const call of asked) expect((await send(face.url, call)).status).toBe(404);
    const reply = await post(face.url, list, foreign);
    const guessed = await post(face.url, list, { ...foreign, 'mcp-session-id': 'guessed' });
    expect([reply.status, reply.text]).toEqual([404, guessed.text]);
    expect((await post(face.url, list, { ...session, ...keyOf('all') })).status).toBe(200);
  });

  it('of another caller is not found on the older transport', async () => {
    const leaving = new AbortController();
    const stream = await fetch(`${face.url}/sse`, { headers: keyOf('all'), signal: leaving.signal });
    const first = new TextDecoder().decode((await stream.body?.getReader().read())?.value);
    const path = /data: (\S+)/.exec(first)?.[1] ?? '';
    expect(path).toMatch(/^\/messages\?sessionId=/);
    expect((await post(face.url, list, keyOf('reader'), path)).status).toBe(404);
    expect((await post(face.url, initialize(), keyOf('all'), path)).status).toBe(202);
    leaving.abort();
  });

  it('that was ended is not found', async () => {
    const session = { ...(await openSession(face.url, undefined, keyOf('all'))), ...keyOf('all') };
    expect((await send(face.url, { method: 'DELETE', path: '/mcp', headers: session })).status).toBe(200);
    expect((await post(face.url, list, session)).status).toBe(404);
  });
});

describe('B23: a job', () => {
  it('of another caller is answered like one that never was', async () => {
    const invoke = { name: 'bedrock_invoke', arguments: { prompt: 'x', async: true } };
    const started = await postModern(face.url, 'tools/call', invoke, keyOf('all'));
    const jobId = /"job_id":"(job-[\w-]+)"/.exec(started.text)?.[1] ?? '';
    expect(jobId).not.toBe('');
    const told = async (job_id: string, name: string, action = 'status') => {
      const ask = { name: 'bedrock_job', arguments: { job_id, action } };
      return (await postModern(face.url, 'tools/call', ask, keyOf(name))).text.replaceAll(/[0-9a-f-]{36}/g, 'ID');
    };
    expect(await told(jobId, 'all')).toContain('"status":');
    for (const action of ['status', 'result', 'cancel']) {
      expect(await told(jobId, 'reader', action)).toContain('There is no job of this id.');
      expect(await told(jobId, 'reader', action)).toBe(await told('job-of-nobody', 'reader', action));
    }
  });
});

describe('B24: a key', () => {
  it('that is known opens everything its scopes open', async () => {
    expect(await statusWith(keyOf('reader'))).toBe(200);
    expect((await post(face.url, initialize(), keyOf('spender'))).status).toBe(200);
    expect((await postModern(face.url, 'tools/list', {}, keyOf('spender'))).status).toBe(200);
  });

  it('that is missing opens nothing, and the challenge names no error', async () => {
    await expectDeniedEverywhere({}, undefined);
  });

  it.each<[string, () => Headers]>([
    ['that nobody has', () => bearer(`kbm_${'A'.repeat(43)}`)],
    ['that is the prefix alone', () => bearer('kbm_')],
    ['that is one character short', () => bearer((secrets.get('all') ?? '').slice(0, -1))],
    ['that is one character long', () => bearer(`${secrets.get('all')}A`)],
    ['in another case', () => bearer((secrets.get('all') ?? '').toUpperCase())],
    [
      'that is a hash from the file',
      () => bearer('kbm_e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'),
    ],
    [
      'by another scheme',
      () => ({ authorization: `Basic ${Buffer.from(`all:${secrets.get('all')}`).toString('base64')}` }),
    ],
    ['without a scheme', () => ({ authorization: secrets.get('all') ?? '' })],
    ['that is empty', () => ({ authorization: 'Bearer ' })],
  ])('%s opens nothing', async (_, headers) => {
    await expectDeniedEverywhere(headers(), 'invalid_token');
  });

  it('in the URL is refused, valid as it is', async () => {
    const token = secrets.get('all') ?? '';
    sent.push(token);
    expectDenied(await send(face.url, { path: `/metrics?access_token=${token}` }), 400, 'invalid_request');
    expectDenied(
      await post(face.url, initialize(), keyOf('all'), `/mcp?access_token=${token}`),
      400,
      'invalid_request',
    );
  });

  it('that was revoked opens nothing a second later, and neither does its session', async () => {
    const value = bearer(await keys.add({ name: 'gone', scopes: ['read'] }));
    await aMomentLater();
    const session = await openSession(face.url, undefined, value);
    await keys.revoke('gone');
    await aMomentLater();
    await expectDeniedEverywhere({ ...session, ...value }, 'invalid_token');
  });

  it('that has expired opens nothing', async () => {
    expect(await statusWith(keyOf('short'))).toBe(200);
    await clock.advance(60_000);
    await expectDeniedEverywhere(keyOf('short'), 'invalid_token');
  });
});

describe('B24: a token', () => {
  it.each<[string, () => Promise<string>]>([
    ['that is right', () => provider.token()],
    [
      'for several audiences, this one among them',
      () => provider.token({ claims: { aud: ['https://other.example', provider.audience] } }),
    ],
    ['that expired within the skew of clocks', () => provider.token({ claims: { exp: now() - 29 } })],
    ['that begins within the skew of clocks', () => provider.token({ claims: { nbf: now() + 29 } })],
  ])('%s opens', async (_, make) => {
    const value = bearer(await make());
    expect(await statusWith(value)).toBe(200);
    expect((await post(face.url, initialize(), value)).status).toBe(200);
    expect((await postModern(face.url, 'tools/list', {}, value)).status).toBe(200);
  });

  it.each<[string, () => string | Promise<string>]>([
    ['that has expired', () => provider.token({ claims: { exp: now() - 31 } })],
    ['that is not valid yet', () => provider.token({ claims: { nbf: now() + 31 } })],
    ['made in the future', () => provider.token({ claims: { iat: now() + 120 } })],
    ['without an end', () => provider.token({ claims: { exp: undefined } })],
    ['without a subject', () => provider.token({ claims: { sub: undefined } })],
    ['with an empty subject', () => provider.token({ claims: { sub: '' } })],
    ['for another audience', () => provider.token({ claims: { aud: 'https://other.example' } })],
    ['for no audience', () => provider.token({ claims: { aud: undefined } })],
    ['of another issuer', () => provider.token({ claims: { iss: 'https://other.example' } })],
    [
      'of an issuer that only begins like ours',
      () => provider.token({ claims: { iss: `${provider.url}.evil.example` } }),
    ],
    ['without a signature (alg none)', () => provider.unsigned()],
    ['signed HS256 with the public key', () => provider.signedWithPublicKey()],
    ['signed by a stranger under a known key id', () => provider.token({ signer: 'stranger' })],
    [
      'that brings its own key (jwk)',
      async () => provider.token({ header: { jwk: await provider.publicKey('stranger') }, signer: 'stranger' }),
    ],
    [
      'that says where its key is (jku)',
      () => provider.token({ header: { jku: 'http://127.0.0.1:9/jwks' }, signer: 'stranger' }),
    ],
    ['with a path for a key id', () => provider.token({ kid: '../../../dev/null', signer: 'stranger' })],
    ['with an unknown critical header', () => provider.token({ header: { crit: ['mystery'], mystery: true } })],
    ['whose claims were changed', async () => changedClaims(await provider.token())],
    ['that is none', () => 'not-a-token'],
    ['that is three dots', () => '...'],
  ])('%s opens nothing', async (_, make) => {
    await expectDeniedEverywhere(bearer(await make()), 'invalid_token');
  });

  it('of 100 KB opens nothing, and the server goes on', async () => {
    const reply = await send(face.url, {
      path: '/metrics',
      headers: { authorization: `Bearer ${'x'.repeat(100_000)}` },
    }).catch((error: NodeJS.ErrnoException) => error);
    // Node ends the connection while the client may still be sending.
    expect([431, 'ECONNRESET', 'EPIPE']).toContain('status' in reply ? reply.status : reply.code);
    expect(await statusWith(bearer(await provider.token()))).toBe(200);
  });

  it('signed by a key that was rotated in opens; those of unknown keys do not make the server ask for each', async () => {
    const before = provider.asked.filter((path) => path === '/jwks').length;
    for (let round = 0; round < 5; round += 1)
      expect(await statusWith(bearer(await provider.token({ kid: 'second' })))).toBe(401);
    expect(provider.asked.filter((path) => path === '/jwks').length - before).toBeLessThanOrEqual(1);
    provider.publish('second');
    const rotatedMs = Date.now() + 31_000;
    jest.spyOn(Date, 'now').mockImplementation(() => rotatedMs);
    expect(await statusWith(bearer(await provider.token({ kid: 'second' })))).toBe(200);
    await expectDeniedEverywhere(bearer(await provider.token({ kid: 'first' })), 'invalid_token');
  });
});

/** The same signature under other claims. */
function changedClaims(token: string): string {
  const [header = '', payload = '', signature = ''] = token.split('.');
  const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as object;
  const forged = Buffer.from(JSON.stringify({ ...claims, scope: 'bedrock:admin' })).toString('base64url');
  return [header, forged, signature].join('.');
}

describe('B25: a tool beyond the scopes', () => {
  const call = (name: string, id = 7) => ({
    jsonrpc: '2.0',
    id,
    method: 'tools/call',
    params: { name, arguments: {} },
  });
  const rows: [string, string, string][] = [
    ['reader', 'bedrock_invoke', 'invoke'],
    ['reader', 'bedrock_session', 'invoke'],
    ['reader', 'bedrock_cache', 'admin'],
    ['spender', 'bedrock_models', 'read'],
    ['spender', 'bedrock_cache', 'admin'],
  ];

  it.each(rows)('of %s: %s asks for %s in the earlier era', async (name, tool, scope) => {
    const session = await openSession(face.url, undefined, keyOf(name));
    const reply = await post(face.url, call(tool), { ...session, ...keyOf(name) });
    expectDenied(reply, 403, 'insufficient_scope');
    expect(reply.headers['www-authenticate']).toContain(`scope="bedrock:${scope}"`);
  });

  it.each(rows)('of %s: %s asks for %s in the later era', async (name, tool, scope) => {
    const reply = await postModern(face.url, 'tools/call', { name: tool, arguments: {} }, keyOf(name));
    expectDenied(reply, 403, 'insufficient_scope');
    expect(reply.headers['www-authenticate']).toContain(`scope="bedrock:${scope}"`);
  });

  it('is refused on the older transport', async () => {
    const leaving = new AbortController();
    const stream = await fetch(`${face.url}/sse`, { headers: keyOf('reader'), signal: leaving.signal });
    const first = new TextDecoder().decode((await stream.body?.getReader().read())?.value);
    const path = /data: (\S+)/.exec(first)?.[1] ?? '';
    expectDenied(await post(face.url, call('bedrock_invoke'), keyOf('reader'), path), 403, 'insufficient_scope');
    leaving.abort();
  });

  it('is refused within a batch', async () => {
    const session = await openSession(face.url, '2025-03-26', keyOf('reader'));
    const batch = [{ jsonrpc: '2.0', id: 1, method: 'ping' }, call('bedrock_invoke', 2)];
    expectDenied(await post(face.url, batch, { ...session, ...keyOf('reader') }), 403, 'insufficient_scope');
  });

  it.each(['bedrock_nothing', '__proto__', 'constructor', ''])('is not what the unknown %j is', async (tool) => {
    const session = await openSession(face.url, undefined, keyOf('reader'));
    const reply = await post(face.url, call(tool), { ...session, ...keyOf('reader') });
    expect(reply.status).toBe(200);
    expect(reply.text).toContain('There is no tool');
  });

  it('is none for a caller with all of them, and no call was made by the others', async () => {
    const asked = face.service.invocations.length;
    const { text } = await postModern(
      face.url,
      'tools/call',
      { name: 'bedrock_invoke', arguments: { prompt: 'x' } },
      keyOf('all'),
    );
    expect(text).toContain('echo: x');
    expect(face.service.invocations.slice(asked).map(({ options }) => options.caller.id)).toEqual(['key:all']);
    expect(new Set(face.service.invocations.map(({ options }) => options.caller.id))).toEqual(new Set(['key:all']));
  });

  it('is asked for on the routes of operators too', async () => {
    for (const path of ['/metrics', '/health']) {
      expectDenied(await send(face.url, { path, headers: keyOf('spender') }), 403, 'insufficient_scope');
    }
  });
});

describe('the metadata of the protected resource', () => {
  it.each(['/.well-known/oauth-protected-resource', '/.well-known/oauth-protected-resource/mcp'])(
    'is open at %s',
    async (path) => {
      const reply = await send(face.url, { path });
      expect(reply.status).toBe(200);
      expect(JSON.parse(reply.text)).toMatchObject({
        resource: `${face.url}/mcp`,
        authorization_servers: [provider.url],
        scopes_supported: ['bedrock:read', 'bedrock:invoke', 'bedrock:admin'],
        bearer_methods_supported: ['header'],
      });
    },
  );

  it('stands under the public address behind a proxy, and in the challenges', async () => {
    const { url, audience } = provider;
    const claims = { tenantClaim: 'tenant', groupsClaim: 'groups' };
    const authentication = createAuthentication({
      issuer: createTokenIssuer({ url, audience, ...claims, clock, logger }),
    });
    const behind = await startHttp({ authentication, publicUrl: 'https://bedrock.example/' });
    const reply = await send(behind.url, { path: '/.well-known/oauth-protected-resource/mcp' });
    expect(JSON.parse(reply.text)).toMatchObject({ resource: 'https://bedrock.example/mcp' });
    expect((await send(behind.url, { path: '/mcp' })).headers['www-authenticate']).toBe(
      'Bearer realm="kairos-bedrock-mcp", resource_metadata="https://bedrock.example/.well-known/oauth-protected-resource/mcp"',
    );
    await behind.close();
  });
});

it('nothing of all that was sent stands in a log', () => {
  const logged = JSON.stringify([logger.lines, face.logger.lines]);
  const parts = sent.flatMap((token) => token.split('.')).filter((part) => part.length > 20);
  expect(parts.length).toBeGreaterThan(50);
  expect(parts.filter((part) => logged.includes(part))).toEqual([]);
});
