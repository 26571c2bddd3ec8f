import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { systemClock } from '../../../src/core/clock.js';
import { createAuthentication } from '../../../src/server/auth/authentication.js';
import { createTokenIssuer } from '../../../src/server/auth/token-issuer.js';
import { createLogKeeper } from '../support/face.js';
import { initialize, openSession, post, type RunningFace, startHttp } from '../support/http.js';
import { type IdentityProvider, startIdentityProvider, type TokenOptions } from '../support/identity-provider.js';

/* Tokens of a real issuer on this machine, through the real HTTP server. What is refused: authorization-matrix.test.ts. */

const logger = createLogKeeper();
let provider: IdentityProvider;
let face: RunningFace;

const issuerAt = (url: string) =>
  createTokenIssuer({
    url,
    audience: provider.audience,
    tenantClaim: 'tenant',
    groupsClaim: 'groups',
    clock: systemClock,
    logger,
  });

beforeAll(async () => {
  provider = await startIdentityProvider(systemClock);
  face = await startHttp({ authentication: createAuthentication({ issuer: issuerAt(provider.url) }) });
});
afterAll(async () => {
  await face.close();
  provider.close();
});

const asBearer = async (options: TokenOptions) => ({ authorization: `Bearer ${await provider.token(options)}` });

describe('claims', () => {
  const callerOf = async (claims: Readonly<Record<string, unknown>>) => {
    const value = await asBearer({ claims: { scope: 'bedrock:read bedrock:invoke', ...claims } });
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
    const reply = await post(face.url, initialize(), await asBearer({ claims: { scope: 'openid' } }));
    expect(reply.status).toBe(403);
    expect(reply.headers['www-authenticate']).toMatch(/error="insufficient_scope".*scope="bedrock:read"/);
  });
});

it('a provider that cannot be asked is no fault of the token', async () => {
  const token = await provider.token();
  await expect(issuerAt('http://127.0.0.1:9').verify(token)).rejects.toMatchObject({ category: 'network' });
});
