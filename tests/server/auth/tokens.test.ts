import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { exportJWK, exportSPKI, generateKeyPair, type JWTPayload, SignJWT, UnsecuredJWT } from 'jose';
import { systemClock } from '../../../src/core/clock.js';
import { createAuthentication } from '../../../src/server/auth/authentication.js';
import { createTokenIssuer } from '../../../src/server/auth/token-issuer.js';
import { createLogKeeper } from '../support/face.js';
import { initialize, openSession, post, type RunningFace, send, startHttp } from '../support/http.js';

/* Tokens of a real issuer on this machine, through the real HTTP server. Row B24 of the bad-input matrix. */

type Key = Awaited<ReturnType<typeof generateKeyPair>>;

const audience = 'https://bedrock.example/mcp';
const logger = createLogKeeper();
const asked: string[] = [];
let keys: Record<string, Key>;
let published: string[] = ['first'];
let url: string;
let face: RunningFace;

const identityProvider = createServer((request, response) => {
  asked.push(request.url ?? '');
  const answer = async () => {
    if (request.url === '/.well-known/openid-configuration') return { issuer: url, jwks_uri: `${url}/jwks` };
    const known = published.flatMap((kid) => (keys[kid] ? [{ kid, key: keys[kid] }] : []));
    return {
      keys: await Promise.all(known.map(async ({ kid, key }) => ({ ...(await exportJWK(key.publicKey)), kid }))),
    };
  };
  answer().then(
    (body) => response.end(JSON.stringify(body)),
    () => response.destroy(),
  );
});

beforeAll(async () => {
  keys = {
    first: await generateKeyPair('RS256', { extractable: true }),
    second: await generateKeyPair('RS256', { extractable: true }),
    stranger: await generateKeyPair('RS256', { extractable: true }),
  };
  await new Promise<void>((resolve) => identityProvider.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(identityProvider.address() as AddressInfo).port}`;
  const claims = { tenantClaim: 'tenant', groupsClaim: 'groups' };
  const issuer = createTokenIssuer({ url, audience, ...claims, clock: systemClock, logger });
  face = await startHttp({ authentication: createAuthentication({ issuer }) });
});
afterAll(async () => {
  await face.close();
  identityProvider.close();
  identityProvider.closeAllConnections();
});

const now = () => Math.floor(Date.now() / 1_000);

interface Token {
  readonly claims?: JWTPayload;
  readonly kid?: string;
  readonly signer?: string;
}

function token({ claims = {}, kid = 'first', signer = 'first' }: Token = {}): Promise<string> {
  const payload = { iss: url, aud: audience, sub: 'ann', scope: 'openid bedrock:read', exp: now() + 600, ...claims };
  const key = keys[signer]?.privateKey;
  if (!key) throw new Error(`no key ${signer}`);
  return new SignJWT(payload).setProtectedHeader({ alg: 'RS256', kid }).sign(key);
}

const asBearer = (value: string) => ({ authorization: `Bearer ${value}` });
const metricsWith = async (value: string) => send(face.url, { path: '/metrics', headers: asBearer(value) });

/** A public key used as if it were a shared secret. */
async function signedWithPublicKey(): Promise<string> {
  const secret = new TextEncoder().encode(await exportSPKI((keys['first'] as Key).publicKey));
  const claims = { iss: url, aud: audience, sub: 'ann', scope: 'bedrock:read', exp: now() + 600 };
  return new SignJWT(claims).setProtectedHeader({ alg: 'HS256', kid: 'first' }).sign(secret);
}

const unsigned = () =>
  new UnsecuredJWT({ iss: url, aud: audience, sub: 'ann', scope: 'bedrock:read', exp: now() + 600 }).encode();

describe('B24', () => {
  it('a good token opens', async () => {
    expect((await metricsWith(await token())).status).toBe(200);
  });

  it.each<[string, () => string | Promise<string>]>([
    ['expired', () => token({ claims: { exp: now() - 60 } })],
    ['not valid yet', () => token({ claims: { nbf: now() + 120 } })],
    ['made in the future', () => token({ claims: { iat: now() + 120 } })],
    ['without an end', () => token({ claims: { exp: undefined } as unknown as JWTPayload })],
    ['without a subject', () => token({ claims: { sub: '' } })],
    ['for another audience', () => token({ claims: { aud: 'https://other.example' } })],
    ['of another issuer', () => token({ claims: { iss: 'https://other.example' } })],
    ['without a signature', unsigned],
    ['HS256 with the public key', signedWithPublicKey],
    ['signed by a stranger', () => token({ signer: 'stranger' })],
    ['with a path for a key id', () => token({ kid: '../../../dev/null', signer: 'stranger' })],
    ['no token at all', () => 'not-a-token'],
  ])('%s is refused', async (_, make) => {
    const value = await make();
    const reply = await metricsWith(value);
    expect(reply.status).toBe(401);
    expect(reply.headers['www-authenticate']).toContain(`error="invalid_token"`);
    expect(reply.headers['www-authenticate']).toContain(
      `resource_metadata="${face.url}/.well-known/oauth-protected-resource/mcp"`,
    );
    expect(reply.text).not.toContain(value);
    expect(JSON.stringify([logger.lines, face.logger.lines])).not.toContain(value);
  });

  it('100 KB of token is refused', async () => {
    const reply = await metricsWith('x'.repeat(100_000)).catch((error: NodeJS.ErrnoException) => error);
    // Node ends the connection while the client may still be sending.
    expect([431, 'ECONNRESET', 'EPIPE']).toContain('status' in reply ? reply.status : reply.code);
    expect((await metricsWith(await token())).status).toBe(200);
  });

  it('an unknown key makes the server ask the issuer no more than once in a while', () => {
    expect(asked.filter((path) => path === '/jwks').length).toBeLessThanOrEqual(2);
  });
});

describe('claims', () => {
  const callerOf = async (claims: JWTPayload) => {
    const value = asBearer(await token({ claims: { scope: 'bedrock:read bedrock:invoke', ...claims } }));
    const session = await openSession(face.url, undefined, value);
    const call = { name: 'bedrock_invoke', arguments: { prompt: 'x' } };
    await post(face.url, { jsonrpc: '2.0', id: 2, method: 'tools/call', params: call }, { ...session, ...value });
    return face.service.invocations.at(-1)?.options.caller;
  };

  it('become the caller', async () => {
    expect(await callerOf({ tenant: 'team', groups: ['blue', 7] })).toEqual({
      id: 'oidc:ann',
      tenant: 'team',
      groups: ['blue'],
      scopes: ['read', 'invoke'],
    });
    expect(await callerOf({ sub: 'bob', scope: undefined, scp: ['bedrock:invoke'] })).toEqual({
      id: 'oidc:bob',
      tenant: 'oidc:bob',
      scopes: ['invoke'],
    });
  });

  it('without a scope of ours open nothing', async () => {
    const reply = await post(face.url, initialize(), asBearer(await token({ claims: { scope: 'openid' } })));
    expect(reply.status).toBe(403);
    expect(reply.headers['www-authenticate']).toMatch(/error="insufficient_scope".*scope="bedrock:read"/);
  });
});

describe('metadata of the protected resource', () => {
  it.each(['/.well-known/oauth-protected-resource', '/.well-known/oauth-protected-resource/mcp'])(
    'is open at %s',
    async (path) => {
      const reply = await send(face.url, { path });
      expect(reply.status).toBe(200);
      expect(JSON.parse(reply.text)).toMatchObject({
        resource: `${face.url}/mcp`,
        authorization_servers: [url],
        scopes_supported: ['bedrock:read', 'bedrock:invoke', 'bedrock:admin'],
        bearer_methods_supported: ['header'],
      });
    },
  );
});

it('a provider that cannot be asked is no fault of the token', async () => {
  const issuer = createTokenIssuer({
    url: 'http://127.0.0.1:9',
    audience,
    tenantClaim: 'tenant',
    groupsClaim: 'groups',
    clock: systemClock,
    logger,
  });
  await expect(issuer.verify(await token())).rejects.toMatchObject({ category: 'network' });
});

it('a key that was rotated in is found', async () => {
  const claims = { tenantClaim: 'tenant', groupsClaim: 'groups' };
  const issuer = createTokenIssuer({ url, audience, ...claims, clock: systemClock, logger });
  published = ['first', 'second'];
  expect(await issuer.verify(await token({ kid: 'second', signer: 'second' }))).toMatchObject({ id: 'oidc:ann' });
});
