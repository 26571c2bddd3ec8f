import {
  GetFoundationModelAvailabilityCommand,
  GetInferenceProfileCommand,
  ListFoundationModelsCommand,
  ListInferenceProfilesCommand,
  paginateListInferenceProfiles,
} from '@aws-sdk/client-bedrock';
import {
  ConverseCommand,
  ConverseStreamCommand,
  type ConverseStreamOutput,
  CountTokensCommand,
} from '@aws-sdk/client-bedrock-runtime';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startTestSandbox, type TestSandbox } from '../support/sandbox.js';
import { controlClient, type HandlerName, handlers, runtimeClient, userText } from './clients.js';

const modelId = 'us.amazon.nova-lite-v1:0';
let sandbox: TestSandbox;

beforeAll(async () => {
  sandbox = await startTestSandbox();
});
afterAll(() => sandbox.close());

async function collect(stream: AsyncIterable<ConverseStreamOutput> | undefined): Promise<ConverseStreamOutput[]> {
  const events: ConverseStreamOutput[] = [];
  for await (const event of stream ?? []) events.push(event);
  return events;
}

describe.each(Object.keys(handlers) as HandlerName[])('the real SDK client over %s', (handler) => {
  it('gets an answer from Converse that names the sandbox and the model, with usage that adds up', async () => {
    const client = runtimeClient(sandbox.url, handler);
    const answer = await client.send(new ConverseCommand({ modelId, messages: userText('Good morning') }));
    const text = answer.output?.message?.content?.[0]?.text ?? '';
    expect(text).toContain('Bedrock sandbox');
    expect(text).toContain('amazon.nova-lite-v1:0');
    expect(text).toContain('Good morning');
    expect(answer.stopReason).toBe('end_turn');
    expect(answer.usage?.totalTokens).toBe((answer.usage?.inputTokens ?? 0) + (answer.usage?.outputTokens ?? 0));
    expect(answer.metrics?.latencyMs).toBeGreaterThan(0);
    const again = await client.send(new ConverseCommand({ modelId, messages: userText('Good morning') }));
    expect(again.output).toEqual(answer.output);
    client.destroy();
  });

  it('gets the events of ConverseStream in order, and the same text as from Converse', async () => {
    const client = runtimeClient(sandbox.url, handler);
    const input = { modelId, messages: userText('Stream this') };
    const events = await collect((await client.send(new ConverseStreamCommand(input))).stream);
    const kinds = events.map((event) => Object.keys(event)[0]);
    const deltas = kinds.filter((kind) => kind === 'contentBlockDelta').length;
    expect(deltas).toBeGreaterThan(5);
    expect(kinds).toEqual([
      'messageStart',
      ...Array.from({ length: deltas }, () => 'contentBlockDelta'),
      'contentBlockStop',
      'messageStop',
      'metadata',
    ]);
    const whole = await client.send(new ConverseCommand(input));
    const text = events.map((event) => event.contentBlockDelta?.delta?.text ?? '').join('');
    expect(text).toBe(whole.output?.message?.content?.[0]?.text);
    expect(events.at(-2)?.messageStop?.stopReason).toBe('end_turn');
    expect(events.at(-1)?.metadata?.usage).toEqual(whole.usage);
    client.destroy();
  });

  it('counts tokens as Converse bills them, for a base id of Claude only', async () => {
    const client = runtimeClient(sandbox.url, handler);
    const messages = userText('How long is this?');
    const base = 'anthropic.claude-haiku-4-5-20251001-v1:0';
    const counted = await client.send(new CountTokensCommand({ modelId: base, input: { converse: { messages } } }));
    const answer = await client.send(new ConverseCommand({ modelId: `us.${base}`, messages }));
    expect(counted.inputTokens).toBe(answer.usage?.inputTokens);
    const body = {
      anthropic_version: 'bedrock-2023-05-31',
      max_tokens: 9,
      messages: [{ role: 'user', content: 'Hi' }],
    };
    const native = { invokeModel: { body: new TextEncoder().encode(JSON.stringify(body)) } };
    const nativeCount = await client.send(new CountTokensCommand({ modelId: base, input: native }));
    expect(nativeCount.inputTokens).toBeGreaterThan(0);
    const input = { converse: { messages } };
    const refused = client.send(new CountTokensCommand({ modelId: `us.${base}`, input }));
    await expect(refused).rejects.toThrow("doesn't support counting tokens");
    client.destroy();
  });

  it('lists models without the retired ones and says which need a profile', async () => {
    const client = controlClient(sandbox.url, handler);
    const { modelSummaries = [] } = await client.send(new ListFoundationModelsCommand({}));
    const ids = modelSummaries.map((model) => model.modelId);
    expect(ids).toContain('amazon.nova-lite-v1:0');
    expect(ids).not.toContain('anthropic.claude-3-5-sonnet-20241022-v2:0');
    const claude = modelSummaries.find((model) => model.modelId === 'anthropic.claude-sonnet-5-5');
    expect(claude?.inferenceTypesSupported).not.toContain('ON_DEMAND');
    expect(claude?.modelLifecycle?.status).toBe('ACTIVE');
    const some = await client.send(new ListFoundationModelsCommand({ byProvider: 'Amazon', byOutputModality: 'TEXT' }));
    expect(new Set(some.modelSummaries?.map((model) => model.providerName))).toEqual(new Set(['amazon']));
    const onDemand = await client.send(new ListFoundationModelsCommand({ byInferenceType: 'ON_DEMAND' }));
    expect(onDemand.modelSummaries?.map((model) => model.modelId)).not.toContain('anthropic.claude-sonnet-5-5');
    client.destroy();
  });

  it('pages through the profiles of the region', async () => {
    const client = controlClient(sandbox.url, handler, 'eu-west-1');
    const pages = [];
    for await (const page of paginateListInferenceProfiles({ client, pageSize: 7 }, {})) {
      pages.push(page.inferenceProfileSummaries ?? []);
    }
    expect(pages.length).toBeGreaterThan(2);
    const ids = pages.flat().map((profile) => profile.inferenceProfileId ?? '');
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids).toContain('eu.amazon.nova-lite-v1:0');
    expect(ids.some((id) => id.startsWith('us.'))).toBe(false);
    const application = await client.send(new ListInferenceProfilesCommand({ typeEquals: 'APPLICATION' }));
    expect(application.inferenceProfileSummaries).toEqual([]);
    await expect(
      client.send(new ListInferenceProfilesCommand({ nextToken: 'bm90IGEgbnVtYmVy' })),
    ).rejects.toMatchObject({
      name: 'ValidationException',
    });
    client.destroy();
  });

  it('describes a profile and the availability of a model', async () => {
    const client = controlClient(sandbox.url, handler);
    const profile = await client.send(new GetInferenceProfileCommand({ inferenceProfileIdentifier: modelId }));
    expect(profile).toMatchObject({ status: 'ACTIVE', type: 'SYSTEM_DEFINED', inferenceProfileId: modelId });
    expect(profile.models?.map((model) => model.modelArn)).toContain(
      'arn:aws:bedrock:us-west-2::foundation-model/amazon.nova-lite-v1:0',
    );
    const byArn = await client.send(
      new GetInferenceProfileCommand({ inferenceProfileIdentifier: profile.inferenceProfileArn }),
    );
    expect(byArn.inferenceProfileId).toBe(modelId);
    const missing = client.send(new GetInferenceProfileCommand({ inferenceProfileIdentifier: 'us.nothing' }));
    await expect(missing).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
    const available = await client.send(
      new GetFoundationModelAvailabilityCommand({ modelId: 'amazon.nova-lite-v1:0' }),
    );
    expect(available).toMatchObject({ authorizationStatus: 'AUTHORIZED', regionAvailability: 'AVAILABLE' });
    await expect(client.send(new GetFoundationModelAvailabilityCommand({ modelId: 'no.such' }))).rejects.toMatchObject({
      name: 'ValidationException',
    });
    client.destroy();
  });
});

it('lists a profile of every geography the catalogue gives a callable model in its region', async () => {
  const client = controlClient(sandbox.url, 'HTTP/1.1', 'ap-northeast-1');
  const { inferenceProfileSummaries = [] } = await client.send(new ListInferenceProfilesCommand({ maxResults: 1_000 }));
  const prefixes = new Set(inferenceProfileSummaries.map((profile) => profile.inferenceProfileId?.split('.')[0]));
  expect(prefixes).toEqual(new Set(['apac', 'jp', 'global']));
});
