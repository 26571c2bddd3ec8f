import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createAuthenticationManager } from '../../src/bedrock/authentication-manager.js';
import { openSdkHandler } from '../../src/bedrock/connection-options.js';
import { credentialFiles } from '../../src/bedrock/credential-sources.js';
import { systemClock } from '../../src/core/clock.js';
import { errorOf } from './client-setup.js';

const given = { ...process.env };
const clock = systemClock;
const expiration = new Date(Date.now() + 3_600_000).toISOString();
const roleArn = 'arn:aws:iam::123456789012:role/team/Bedrock';
let folder: string;
let server: Server;
/** What STS, or the container's credential service, was asked. */
let asked: { path: string; body: string; authorization: string | undefined }[];
let status = 200;

const sts = (operation: string) => `<${operation}Response xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
  <${operation}Result><AssumedRoleUser><Arn>arn:aws:sts::123456789012:assumed-role/Bedrock/x</Arn>
  <AssumedRoleId>A:x</AssumedRoleId></AssumedRoleUser><Credentials><AccessKeyId>ASIA${operation}</AccessKeyId>
  <SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken><Expiration>${expiration}</Expiration></Credentials>
  </${operation}Result></${operation}Response>`;

function answerTo(path: string, body: string): string {
  const operation = /Action=(\w+)/.exec(body)?.[1];
  if (operation) return sts(operation);
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
    asked.push({ path, body, authorization: headers.authorization });
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
  });
});
afterEach(async () => {
  server.closeAllConnections();
  server.close();
  for (const name of Object.keys(process.env)) if (name.startsWith('AWS_')) delete process.env[name];
  Object.assign(process.env, given);
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
