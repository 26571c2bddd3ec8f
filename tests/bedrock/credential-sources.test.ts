import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type AuthenticationManager, createAuthenticationManager } from '../../src/bedrock/authentication-manager.js';
import { createConnectionCheck } from '../../src/bedrock/connection-check.js';
import { openSdkHandler } from '../../src/bedrock/connection-options.js';
import { credentialFiles } from '../../src/bedrock/credential-sources.js';
import { systemClock } from '../../src/core/clock.js';
import { region as regionOf } from '../../src/core/target.js';
import { errorOf } from './client-setup.js';

const given = { ...process.env };
const clock = systemClock;
const expiration = new Date(Date.now() + 3_600_000).toISOString();
const roleArn = 'arn:aws:iam::123456789012:role/team/Bedrock';
let folder: string;
let server: Server;
/** What STS, or the container's credential service, was asked. */
let asked: { path: string; body: string; authorization: string | undefined; bearer: unknown }[];
let status = 200;

const sts = (operation: string) => `<${operation}Response xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
  <${operation}Result><AssumedRoleUser><Arn>arn:aws:sts::123456789012:assumed-role/Bedrock/x</Arn>
  <AssumedRoleId>A:x</AssumedRoleId></AssumedRoleUser><Credentials><AccessKeyId>ASIA${operation}</AccessKeyId>
  <SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken><Expiration>${expiration}</Expiration></Credentials>
  </${operation}Result></${operation}Response>`;

function answerTo(path: string, body: string): string {
  const operation = /Action=(\w+)/.exec(body)?.[1];
  if (operation) return sts(operation);
  if (path.startsWith('/federation/credentials')) {
    const keys = {
      accessKeyId: 'ASIASSO',
      secretAccessKey: 's',
      sessionToken: 't',
      expiration: Date.parse(expiration),
    };
    return JSON.stringify({ roleCredentials: keys });
  }
  if (path === '/token') {
    return JSON.stringify({ accessToken: 'renewed', expiresIn: 28_800, tokenType: 'Bearer', refreshToken: 'again' });
  }
  const Token = `token of ${path}`;
  return JSON.stringify({ AccessKeyId: 'ASIACONTAINER', SecretAccessKey: 's', Token, Expiration: expiration });
}

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bedrock-sources-'));
  for (const name of Object.keys(process.env)) if (name.startsWith('AWS_')) delete process.env[name];
  asked = [];
  status = 200;
  server = createServer(async (request: IncomingMessage, response) => {
    const { url: path = '', headers } = request;
    const body = await text(request);
    asked.push({ path, body, authorization: headers.authorization, bearer: headers['x-amz-sso_bearer_token'] });
    const isSts = body.includes('Action=');
    const failure = '<ErrorResponse><Error><Code>AccessDenied</Code><Message>no</Message></Error></ErrorResponse>';
    response.writeHead(status, { 'content-type': isSts ? 'text/xml' : 'application/json' });
    response.end(status === 200 ? answerTo(path, body) : failure);
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  Object.assign(process.env, {
    AWS_EC2_METADATA_DISABLED: 'true',
    AWS_SHARED_CREDENTIALS_FILE: join(folder, 'credentials'),
    AWS_CONFIG_FILE: join(folder, 'config'),
    AWS_ENDPOINT_URL_STS: url,
    AWS_ENDPOINT_URL_SSO: url,
    AWS_ENDPOINT_URL_SSO_OIDC: url,
    HOME: folder,
  });
});
afterEach(async () => {
  server.closeAllConnections();
  server.close();
  for (const name of Object.keys(process.env)) if (name.startsWith('AWS_')) delete process.env[name];
  Object.assign(process.env, given);
  if (given['HOME'] === undefined) delete process.env['HOME'];
  await rm(folder, { recursive: true });
});

const handler = () => openSdkHandler({});
const region = 'us-east-1';

describe('a role', () => {
  const keys = { accessKeyId: 'AKIABASE', secretAccessKey: 's' };

  it('is assumed with the keys that were set, and goes before a bearer token', async () => {
    const all = { ...keys, roleArn, roleExternalId: 'ours', bearerToken: 'b', region, handler };
    const authentication = createAuthenticationManager({ clock, ...all });
    expect(await authentication.credentials()).toMatchObject({
      accessKeyId: 'ASIAAssumeRole',
      sessionToken: 't',
      expiration: new Date(expiration),
    });
    expect(authentication.bearer()).toBeUndefined();
    expect(authentication.source).toContain('role Bedrock, assumed with: AWS_BEDROCK_ACCESS_KEY_ID');
    const form = new URLSearchParams(asked[0]?.body);
    expect([form.get('RoleArn'), form.get('ExternalId')]).toEqual([roleArn, 'ours']);
    expect(asked[0]?.authorization).toContain('Credential=AKIABASE/');
  });

  it('is assumed with what the chain finds', async () => {
    await writeFile(join(folder, 'credentials'), '[dev]\naws_access_key_id = AKIADEV\naws_secret_access_key = s\n');
    const authentication = createAuthenticationManager({ clock, roleArn, profile: 'dev', region, handler });
    expect(await authentication.credentials()).toMatchObject({ accessKeyId: 'ASIAAssumeRole' });
    expect(asked[0]?.authorization).toContain('Credential=AKIADEV/');
  });

  it('that may not be assumed is an error about authentication without foreign text', async () => {
    status = 403;
    const authentication = createAuthenticationManager({ clock, ...keys, roleArn, region, handler });
    const error = await errorOf(authentication.credentials());
    expect(error.category).toBe('authentication');
    expect(error.message).toContain('role Bedrock');
  });
});

it('takes a web identity token from the file of the environment', async () => {
  await writeFile(join(folder, 'token'), 'jwt-1');
  Object.assign(process.env, { AWS_WEB_IDENTITY_TOKEN_FILE: join(folder, 'token'), AWS_ROLE_ARN: roleArn });
  const authentication = createAuthenticationManager({ clock, region, handler });
  expect(await authentication.credentials()).toMatchObject({ accessKeyId: 'ASIAAssumeRoleWithWebIdentity' });
  expect(authentication.source).toBe('default chain (web identity token)');
  await writeFile(join(folder, 'token'), 'jwt-2');
  await authentication.refresh();
  const tokens = asked.map(({ body }) => new URLSearchParams(body).get('WebIdentityToken'));
  expect(tokens).toEqual(['jwt-1', 'jwt-2']);
});

it('takes credentials from the container with the token of the file', async () => {
  await writeFile(join(folder, 'token'), 'container-token');
  Object.assign(process.env, {
    AWS_CONTAINER_CREDENTIALS_FULL_URI: `${process.env['AWS_ENDPOINT_URL_STS']}/pod`,
    AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: join(folder, 'token'),
  });
  const authentication = createAuthenticationManager({ clock, region, handler });
  expect(await authentication.credentials()).toMatchObject({ accessKeyId: 'ASIACONTAINER' });
  expect(asked[0]).toMatchObject({ path: '/pod', authorization: 'container-token' });
});

describe('single sign-on', () => {
  /** What `aws sso login` leaves behind, and the profile that uses it. */
  async function loggedIn(token: object) {
    const config = [
      '[profile corp]',
      'sso_session = corp',
      'sso_account_id = 123456789012',
      'sso_role_name = Developer',
      '[sso-session corp]',
      'sso_region = us-east-1',
      'sso_start_url = https://corp.example.com/start',
      'sso_registration_scopes = sso:account:access',
    ];
    await writeFile(join(folder, 'config'), config.join('\n'));
    await mkdir(join(folder, '.aws', 'sso', 'cache'), { recursive: true });
    const name = createHash('sha1').update('corp').digest('hex');
    const kept = { startUrl: 'https://corp.example.com/start', region: 'us-east-1', ...token };
    await writeFile(join(folder, '.aws', 'sso', 'cache', `${name}.json`), JSON.stringify(kept));
  }
  const inHours = (hours: number) => new Date(Date.now() + hours * 3_600_000).toISOString();
  const signOn = () => createAuthenticationManager({ clock, profile: 'corp', region, handler });

  it('gives the credentials of the role for the token of the login', async () => {
    await loggedIn({ accessToken: 'login-token', expiresAt: inHours(8) });
    const authentication = signOn();
    expect(await authentication.credentials()).toEqual({
      accessKeyId: 'ASIASSO',
      secretAccessKey: 's',
      sessionToken: 't',
      expiration: new Date(expiration),
    });
    expect(asked).toMatchObject([{ bearer: 'login-token' }]);
    const query = new URL(asked[0]?.path ?? '', 'http://x').searchParams;
    expect([query.get('account_id'), query.get('role_name')]).toEqual(['123456789012', 'Developer']);
    expect(authentication.source).toBe('profile corp (single sign-on)');
    expect(await healthOf(authentication)).toBe('Credentials: profile corp (single sign-on).');
  });

  it('whose login is over is an error that names the source and what to do', async () => {
    await loggedIn({ accessToken: 'old', expiresAt: inHours(-1) });
    const authentication = signOn();
    const error = await errorOf(authentication.credentials());
    expect(error).toMatchObject({ category: 'authentication', reason: 'credentials_missing' });
    expect(error.message).toContain('profile corp');
    expect(asked).toEqual([]);
    expect(await healthOf(authentication)).toContain('profile corp');
    // A new login is all that it takes.
    await loggedIn({ accessToken: 'new-login', expiresAt: inHours(8) });
    expect(await authentication.credentials()).toMatchObject({ accessKeyId: 'ASIASSO' });
    expect(asked).toMatchObject([{ bearer: 'new-login' }]);
  });

  it('renews a token that can be renewed by itself', async () => {
    const client = { clientId: 'c', clientSecret: 's', registrationExpiresAt: inHours(100), refreshToken: 'once' };
    await loggedIn({ accessToken: 'old', expiresAt: inHours(-1), ...client });
    expect(await signOn().credentials()).toMatchObject({ accessKeyId: 'ASIASSO' });
    expect(asked.map(({ path }) => path.split('?')[0])).toEqual(['/token', '/federation/credentials']);
    expect(asked[1]?.bearer).toBe('renewed');
  });
});

/** What bedrock_health says of the credentials. */
async function healthOf(authentication: AuthenticationManager): Promise<string> {
  const check = createConnectionCheck({
    authentication,
    readiness: { state: () => ({ phase: 'unused' }) },
    controlPlane: { listFoundationModels: () => Promise.resolve([]) },
    region: regionOf(region),
  });
  return (await check.run(false, new AbortController().signal)).detail;
}

it('names every source in the health of the server', async () => {
  await writeFile(join(folder, 'token'), 'jwt');
  const keys = { accessKeyId: 'AKIABASE', secretAccessKey: 's' };
  const named = async (options: object) => {
    const authentication = createAuthenticationManager({ clock, region, handler, ...options });
    await authentication.credentials();
    return healthOf(authentication);
  };
  expect(await named(keys)).toBe('Credentials: AWS_BEDROCK_ACCESS_KEY_ID.');
  expect(await named({ ...keys, roleArn })).toContain('role Bedrock, assumed with: AWS_BEDROCK_ACCESS_KEY_ID');
  expect(await named({ bearerToken: 'b' })).toBe('Credentials: AWS_BEARER_TOKEN_BEDROCK.');
  process.env['AWS_CONTAINER_CREDENTIALS_FULL_URI'] = `${process.env['AWS_ENDPOINT_URL_STS']}/pod`;
  expect(await named({})).toBe('Credentials: default chain (container role).');
  Object.assign(process.env, { AWS_WEB_IDENTITY_TOKEN_FILE: join(folder, 'token'), AWS_ROLE_ARN: roleArn });
  expect(await named({})).toBe('Credentials: default chain (web identity token).');
});

it.each([
  [{ HOME: '/h' }, ['/h/.aws/credentials', '/h/.aws/config']],
  [
    {
      HOME: '/h',
      AWS_SHARED_CREDENTIALS_FILE: '/k/keys',
      AWS_CONFIG_FILE: '/k/config',
      AWS_WEB_IDENTITY_TOKEN_FILE: '/w/token',
      AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: '/c/token',
    },
    ['/k/keys', '/k/config', '/w/token', '/c/token'],
  ],
])('knows the files that the chain reads under %j', (env, files) => {
  expect(credentialFiles(env)).toEqual(files);
});
