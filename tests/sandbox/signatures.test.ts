import { ListFoundationModelsCommand } from '@aws-sdk/client-bedrock';
import { type BedrockRuntimeClientConfig, ConverseCommand } from '@aws-sdk/client-bedrock-runtime';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { systemClock } from '../../src/core/clock.js';
import { sandboxCredentials } from '../../src/sandbox/sandbox.js';
import { startTestSandbox, type TestSandbox } from '../support/sandbox.js';
import { controlClient, type HandlerName, handlers, runtimeClient, userText } from './clients.js';

const question = { modelId: 'us.amazon.nova-lite-v1:0', messages: userText('Who am I?') };
const session = { accessKeyId: 'ASIASESSION000000000', secretAccessKey: 'session-secret', sessionToken: 'token-1' };
let sandbox: TestSandbox;

beforeAll(async () => {
  sandbox = await startTestSandbox();
});
afterEach(() => sandbox.control.reset());
afterAll(() => sandbox.close());

type Overrides = Partial<BedrockRuntimeClientConfig>;

function ask(overrides: Overrides, handler: HandlerName = 'HTTP/1.1', url = sandbox.url) {
  const client = runtimeClient(url, handler, overrides);
  return client.send(new ConverseCommand(question)).finally(() => client.destroy());
}

describe.each(Object.keys(handlers) as HandlerName[])('signatures over %s', (handler) => {
  it.each<[string, Overrides, string, number]>([
    [
      'a wrong key',
      { credentials: { ...sandboxCredentials, accessKeyId: 'AKIANOBODY' } },
      'UnrecognizedClientException',
      403,
    ],
    [
      'a wrong secret',
      { credentials: { ...sandboxCredentials, secretAccessKey: 'x' } },
      'InvalidSignatureException',
      403,
    ],
    [
      'an unknown token',
      { credentials: { ...sandboxCredentials, sessionToken: 'x' } },
      'UnrecognizedClientException',
      403,
    ],
    [
      'a wrong bearer token',
      { token: { token: 'x' }, authSchemePreference: ['httpBearerAuth'] },
      'AccessDeniedException',
      403,
    ],
    ['a clock an hour behind', { systemClockOffset: -3_600_000 }, 'InvalidSignatureException', 403],
    ['a clock an hour ahead', { systemClockOffset: 3_600_000 }, 'InvalidSignatureException', 403],
    ['no AWS region', { region: 'mars-north-1' }, 'InvalidSignatureException', 403],
  ])('refuses %s', async (_name, overrides, name, status) => {
    await expect(ask(overrides, handler)).rejects.toMatchObject({ name, $metadata: { httpStatusCode: status } });
  });

  it('accepts a bearer token', async () => {
    const token = { token: sandboxCredentials.bearerToken };
    const answer = await ask({ token, authSchemePreference: ['httpBearerAuth'] }, handler);
    expect(answer.stopReason).toBe('end_turn');
    expect((await sandbox.control.calls()).at(-1)).toMatchObject({ accessKeyId: 'bearer', region: 'us-east-1' });
  });
});

describe('credentials set by the control API', () => {
  it('accepts an added session, and answers for an expired one as AWS does', async () => {
    await sandbox.control.credentials({ add: session });
    expect((await ask({ credentials: { ...session } })).stopReason).toBe('end_turn');
    await sandbox.control.credentials({ expire: session.accessKeyId });
    await expect(ask({ credentials: { ...session } })).rejects.toMatchObject({
      name: 'ExpiredTokenException',
      message: 'The security token included in the request is expired',
    });
    const next = { ...session, sessionToken: 'token-2' };
    await sandbox.control.credentials({ add: next });
    expect((await ask({ credentials: { ...next } })).stopReason).toBe('end_turn');
  });

  it('forgets a removed key until the reset', async () => {
    await sandbox.control.credentials({ remove: sandboxCredentials.accessKeyId });
    await expect(ask({})).rejects.toMatchObject({ name: 'UnrecognizedClientException' });
    await sandbox.control.reset();
    expect((await ask({})).stopReason).toBe('end_turn');
  });

  it('lets a bearer token expire', async () => {
    await sandbox.control.credentials({ expire: sandboxCredentials.bearerToken });
    const token = { token: sandboxCredentials.bearerToken };
    await expect(ask({ token, authSchemePreference: ['httpBearerAuth'] })).rejects.toThrow('expired');
  });
});

describe('clocks', () => {
  it('lets the SDK correct its clock by the Date header', async () => {
    await sandbox.control.clock(3_600_000);
    expect((await ask({ maxAttempts: 2 })).stopReason).toBe('end_turn');
    expect((await sandbox.control.calls()).map((call) => call.status)).toEqual([403, 200]);
  });

  it('accepts a skew of less than five minutes', async () => {
    const clock = { ...systemClock, nowMs: () => Date.now() + 4 * 60_000 };
    const own = await startTestSandbox({ clock });
    expect((await ask({}, 'HTTP/1.1', own.url)).stopReason).toBe('end_turn');
    await own.close();
  });
});

describe('what is signed', () => {
  it('signs ids that need encoding and queries', async () => {
    const arn = 'arn:aws:bedrock:us-east-1:000000000000:inference-profile/us.amazon.nova-lite-v1:0';
    const client = runtimeClient(sandbox.url);
    const answer = await client.send(new ConverseCommand({ ...question, modelId: arn }));
    expect(answer.stopReason).toBe('end_turn');
    const list = controlClient(sandbox.url);
    const found = await list.send(new ListFoundationModelsCommand({ byProvider: 'amazon (not)*' }));
    expect(found.modelSummaries).toEqual([]);
  });

  it('notices a body changed on the way', async () => {
    const client = runtimeClient(sandbox.url);
    client.middlewareStack.add(
      (next) => (args) => {
        const request = args.request as { body: unknown };
        request.body = JSON.stringify({ messages: userText('Why am I?') });
        return next(args);
      },
      { step: 'finalizeRequest', priority: 'low' },
    );
    await expect(client.send(new ConverseCommand(question))).rejects.toMatchObject({
      name: 'InvalidSignatureException',
    });
  });

  const date = () => new Date().toISOString().replace(/[-:]|\.\d{3}/g, '');
  const scope = () => `${date().slice(0, 8)}/us-east-1/bedrock/aws4_request`;
  const known = sandboxCredentials.accessKeyId;
  const signature = 'Signature=abc';

  it.each<[string, () => Record<string, string>, string]>([
    ['no authorization', () => ({}), 'MissingAuthenticationToken'],
    ['another scheme', () => ({ authorization: 'Basic abc' }), 'IncompleteSignature'],
    [
      'no signature',
      () => ({ authorization: `AWS4-HMAC-SHA256 Credential=${known}/${scope()}` }),
      'IncompleteSignature',
    ],
    [
      'a short scope',
      () => ({ authorization: `AWS4-HMAC-SHA256 Credential=a/b, SignedHeaders=host, ${signature}` }),
      'IncompleteSignature',
    ],
    [
      'no date',
      () => ({ authorization: `AWS4-HMAC-SHA256 Credential=${known}/${scope()}, SignedHeaders=host, ${signature}` }),
      'IncompleteSignature',
    ],
    [
      'another service',
      () => ({
        'x-amz-date': date(),
        authorization: `AWS4-HMAC-SHA256 Credential=${known}/${scope().replace('bedrock', 's3')}, SignedHeaders=host, ${signature}`,
      }),
      'InvalidSignatureException',
    ],
    [
      'another day in the scope',
      () => ({
        'x-amz-date': date(),
        authorization: `AWS4-HMAC-SHA256 Credential=${known}/20200101/us-east-1/bedrock/aws4_request, SignedHeaders=host, ${signature}`,
      }),
      'InvalidSignatureException',
    ],
    [
      'a host that is not signed',
      () => ({
        'x-amz-date': date(),
        authorization: `AWS4-HMAC-SHA256 Credential=${known}/${scope()}, SignedHeaders=x-amz-date, ${signature}`,
      }),
      'InvalidSignatureException',
    ],
  ])('refuses %s', async (_name, headers, error) => {
    const response = await fetch(`${sandbox.url}/foundation-models`, { headers: headers() });
    expect(response.headers.get('x-amzn-errortype')).toBe(error);
    expect(await response.json()).toEqual({ message: expect.any(String) });
  });

  it('knows no other operations', async () => {
    for (const [method, path] of [
      ['GET', '/guardrails'],
      ['POST', '/model/x/dance'],
      ['PUT', '/foundation-models'],
    ]) {
      const response = await fetch(`${sandbox.url}${path}`, { method: method ?? '' });
      expect(response.status).toBe(404);
      expect(response.headers.get('x-amzn-errortype')).toBe('UnknownOperationException');
    }
  });
});
