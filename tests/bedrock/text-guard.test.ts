import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ApplyGuardrailCommand } from '@aws-sdk/client-bedrock-runtime';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { createTextGuard } from '../../src/bedrock/text-guard.js';
import { embedRequest, rerankRequest } from '../../src/core/retrieval.js';
import { region } from '../../src/core/target.js';
import { runtimeClient } from '../sandbox/clients.js';
import { type Composed, startComposed } from '../support/composed.js';
import { startTestSandbox, type TestSandbox } from '../support/sandbox.js';
import { clientOf, errorOf } from './client-setup.js';

const guardrail = { id: 'gr-123', version: '3' };
const policy = { ...guardrail, blocked: ['bomb'], masked: ['Ada Lovelace'] };
const signal = new AbortController().signal;

describe('the guard of texts', () => {
  let sandbox: TestSandbox;
  let client: ReturnType<typeof clientOf>;
  beforeAll(async () => {
    sandbox = await startTestSandbox();
    client = clientOf(sandbox.url, sandbox.catalogue);
  });
  afterEach(() => sandbox.control.reset());
  afterAll(async () => {
    client.close();
    await sandbox.close();
  });
  const guard = () => createTextGuard({ client, guardrail, region: region('us-east-1') });
  const bodies = async () =>
    (await sandbox.control.calls()).map(
      ({ requestBody }) => JSON.parse(requestBody) as { source: string; content: { text: { text: string } }[] },
    );

  it('lets through what nothing is said against, in one signed call', async () => {
    await sandbox.control.guardrails(policy);
    expect(await guard().check(['Hello', ' ', 'World'], 'INPUT', signal)).toEqual(['Hello', ' ', 'World']);
    expect(await sandbox.control.calls()).toMatchObject([
      { operation: 'ApplyGuardrail', modelId: 'gr-123:3', status: 200 },
    ]);
    expect(await bodies()).toEqual([
      { source: 'INPUT', content: [{ text: { text: 'Hello' } }, { text: { text: 'World' } }] },
    ]);
  });

  it('refuses what is blocked, and names the kind of objection but not what it is about', async () => {
    await sandbox.control.guardrails(policy);
    const error = await errorOf(guard().check(['How to build a bomb?'], 'OUTPUT', signal));
    expect(error).toMatchObject({
      category: 'content_filtered',
      reason: 'guardrail',
      message: 'The guardrail intervened: custom word.',
    });
    expect((await bodies())[0]?.source).toBe('OUTPUT');
  });

  it('gives back masked what is to be masked, each text in its place', async () => {
    await sandbox.control.guardrails(policy);
    expect(await guard().check(['I am Ada Lovelace.', '', 'Bye'], 'INPUT', signal)).toEqual([
      'I am {NAME}.',
      '',
      'Bye',
    ]);
  });

  it('looks at long texts in parts that are cut between words, and finds what is in the last of them', async () => {
    await sandbox.control.guardrails(policy);
    const long = 'word '.repeat(12_000);
    expect(await guard().check([long, 'short'], 'INPUT', signal)).toEqual([long, 'short']);
    expect(await sandbox.control.calls()).toHaveLength(3);
    const found = errorOf(guard().check([`${long}bomb`], 'INPUT', signal));
    expect(await found).toMatchObject({ category: 'content_filtered' });
    // The 25,000th character is in the middle of the word.
    const across = `${'x'.repeat(24_997)} bomb`;
    expect(await errorOf(guard().check([across], 'INPUT', signal))).toMatchObject({ category: 'content_filtered' });
  });

  it.each([
    ['does not exist', undefined, { category: 'validation', reason: 'guardrail' }],
    ['cannot be reached', 'ServiceUnavailableException', { category: 'model_error' }],
    ['may not be used', 'AccessDeniedException', { category: 'authorization' }],
  ] as const)('fails when the guardrail %s', async (_, name, expected) => {
    await sandbox.control.guardrails({ ...policy, id: 'other' });
    if (name) await sandbox.control.faults({ kind: 'error', name, operation: 'ApplyGuardrail' });
    expect(await errorOf(guard().check(['Hello'], 'INPUT', signal))).toMatchObject(expected);
  });

  it('ends with its caller', async () => {
    const given = new AbortController();
    await sandbox.control.faults({ kind: 'hang', operation: 'ApplyGuardrail' });
    const checking = errorOf(guard().check(['Hello'], 'INPUT', given.signal));
    setTimeout(() => given.abort(), 50);
    expect(await checking).toMatchObject({ category: 'cancelled' });
  });

  it('has the shape of AWS on the wire', async () => {
    await sandbox.control.guardrails(policy);
    const sdk = runtimeClient(sandbox.url);
    const content = [{ text: { text: 'A bomb for Ada Lovelace' } }];
    const input = { guardrailIdentifier: 'gr-123', guardrailVersion: '3', source: 'INPUT' as const, content };
    expect(await sdk.send(new ApplyGuardrailCommand(input))).toMatchObject({
      action: 'GUARDRAIL_INTERVENED',
      outputs: [{ text: expect.any(String) }],
      usage: { wordPolicyUnits: 1, sensitiveInformationPolicyUnits: 1, topicPolicyUnits: 0 },
      assessments: [
        {
          wordPolicy: { customWords: [{ match: 'bomb', action: 'BLOCKED' }], managedWordLists: [] },
          sensitiveInformationPolicy: { piiEntities: [{ match: 'Ada Lovelace', type: 'NAME', action: 'ANONYMIZED' }] },
        },
      ],
      guardrailCoverage: { textCharacters: { guarded: 23, total: 23 } },
    });
    sdk.destroy();
  });
});

describe('what takes no guardrail itself is looked at all the same', () => {
  let server: Composed;
  let chat: Server;
  let said: string;
  let asked: string[];
  beforeAll(async () => {
    chat = createServer(async (request, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      asked.push(Buffer.concat(chunks).toString());
      response.end(JSON.stringify({ choices: [{ message: { content: said }, finish_reason: 'stop' }] }));
    });
    await new Promise<void>((resolve) => chat.listen(0, '127.0.0.1', resolve));
    server = await startComposed({
      BEDROCK_GUARDRAIL_ID: guardrail.id,
      BEDROCK_GUARDRAIL_VERSION: guardrail.version,
      BEDROCK_LOCAL_MODEL_URL: `http://127.0.0.1:${(chat.address() as AddressInfo).port}/v1`,
      BEDROCK_LOCAL_MODEL: 'tiny',
    });
  });
  afterEach(() => server.control.reset());
  afterAll(async () => {
    await server.close();
    chat.close();
  });

  const outage = async () => {
    said = 'Fine.';
    asked = [];
    await server.control.guardrails(policy);
    for (const operation of ['Converse', 'ConverseStream'] as const)
      await server.control.faults({ kind: 'error', name: 'ServiceUnavailableException', operation });
  };
  const ask = (prompt: string) => server.invoke({ prompt, system: 'Be brief', cache: 'bypass', max_tokens: 50 });

  it('the local model', async () => {
    await outage();
    expect((await ask('Hello, I am Ada Lovelace')).response).toMatchObject({
      source: 'local',
      content: [{ text: 'Fine.' }],
    });
    expect(asked[0]).toContain('{NAME}');
    expect(asked[0]).not.toContain('Lovelace');
  });

  it('the local model, which is not asked what is blocked', async () => {
    await outage();
    expect(await errorOf(ask('A bomb!'))).toMatchObject({ category: 'content_filtered', reason: 'guardrail' });
    expect(asked).toEqual([]);
  });

  it('the answer of the local model', async () => {
    await outage();
    said = 'It was Ada Lovelace.';
    expect((await ask('Who?')).response).toMatchObject({
      content: [{ text: 'It was {NAME}.' }],
      notices: expect.arrayContaining(['The guardrail masked parts of the answer.']),
    });
    said = 'A bomb.';
    expect(await errorOf(ask('What?'))).toMatchObject({ category: 'content_filtered' });
  });

  it('the local model is not asked when the guardrail cannot be', async () => {
    await outage();
    await server.control.faults({ kind: 'error', name: 'ServiceUnavailableException', operation: 'ApplyGuardrail' });
    expect((await errorOf(ask('Hello'))).category).not.toBe('content_filtered');
    expect(asked).toEqual([]);
  });

  it('texts to embed and to rank', async () => {
    await server.control.guardrails(policy);
    const { retrieval } = server.service;
    await retrieval?.embed(embedRequest.parse({ texts: ['Dear Ada Lovelace'] }), server.options);
    expect((await server.modelCalls()).at(-1)?.requestBody).toContain('Dear {NAME}');
    const blocked = retrieval?.embed(embedRequest.parse({ texts: ['fine', 'a bomb'] }), server.options);
    expect(await errorOf(Promise.resolve(blocked))).toMatchObject({
      category: 'content_filtered',
      reason: 'guardrail',
    });
    const query = rerankRequest.parse({ query: 'bomb', documents: ['a', 'b'] });
    expect(await errorOf(Promise.resolve(retrieval?.rerank(query, server.options)))).toMatchObject({
      category: 'content_filtered',
    });
    const operations = (await server.modelCalls()).map(({ operation }) => operation);
    expect(operations.filter((operation) => operation === 'InvokeModel')).toHaveLength(1);
  });
});
