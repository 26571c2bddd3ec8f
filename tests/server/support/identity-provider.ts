import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, exportSPKI, generateKeyPair, type JWTPayload, SignJWT, UnsecuredJWT } from 'jose';
import type { Clock } from '../../../src/core/clock.js';

type Key = Awaited<ReturnType<typeof generateKeyPair>>;

export interface TokenOptions {
  readonly claims?: Readonly<Record<string, unknown>>;
  readonly header?: Readonly<Record<string, unknown>>;
  /** Named in the token. */
  readonly kid?: string;
  /** Signs the token; default: the key that is named. */
  readonly signer?: string;
}

const audience = 'https://bedrock.example/mcp';
const kids = ['first', 'second', 'stranger'];

/** An OpenID Connect provider on this machine, with the keys first, second and stranger; it publishes the first. */
export async function startIdentityProvider(clock: Clock) {
  const keys = new Map<string, Key>();
  for (const kid of kids) keys.set(kid, await generateKeyPair('RS256', { extractable: true }));
  const asked: string[] = [];
  let published: readonly string[] = ['first'];

  const keyOf = (kid: string): Key => {
    const key = keys.get(kid);
    if (!key) throw new Error(`no key ${kid}`);
    return key;
  };
  const answer = async (path: string): Promise<unknown> => {
    if (path === '/.well-known/openid-configuration') return { issuer: url, jwks_uri: `${url}/jwks` };
    const jwks = published.map(async (kid) => ({ ...(await exportJWK(keyOf(kid).publicKey)), kid }));
    return { keys: await Promise.all(jwks) };
  };
  const reply = (path: string, response: ServerResponse) =>
    answer(path).then(
      (body) => response.end(JSON.stringify(body)),
      () => response.destroy(),
    );
  const server = createServer((request, response) => {
    asked.push(request.url ?? '');
    void reply(request.url ?? '', response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  const payload = (claims: TokenOptions['claims']): JWTPayload => {
    const now = Math.floor(clock.nowMs() / 1_000);
    return { iss: url, aud: audience, sub: 'ann', scope: 'openid bedrock:read', exp: now + 600, ...claims };
  };
  return {
    url,
    audience,
    /** The paths that were asked for. */
    asked,
    publish: (...names: readonly string[]) => {
      published = names;
    },
    token: ({ claims, header, kid = 'first', signer }: TokenOptions = {}): Promise<string> =>
      new SignJWT(payload(claims))
        .setProtectedHeader({ ...header, alg: 'RS256', kid })
        // Only what the signer knows may be critical.
        .sign(keyOf(signer ?? kid).privateKey, { crit: { mystery: true } }),
    unsigned: (): string => new UnsecuredJWT(payload({})).encode(),
    /** The public key of an asymmetric pair used as if it were a shared secret. */
    signedWithPublicKey: async (): Promise<string> => {
      const secret = new TextEncoder().encode(await exportSPKI(keyOf('first').publicKey));
      return new SignJWT(payload({})).setProtectedHeader({ alg: 'HS256', kid: 'first' }).sign(secret);
    },
    publicKey: (kid: string) => exportJWK(keyOf(kid).publicKey),
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

export type IdentityProvider = Awaited<ReturnType<typeof startIdentityProvider>>;
