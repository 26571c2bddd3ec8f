import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { BedrockClient } from '../../src/bedrock/bedrock-client.js';
import { encodeConverseRequest } from '../../src/bedrock/converse-request.js';
import type { PromptCaching } from '../../src/bedrock/prompt-caching.js';
import type { Message, ModelRequest } from '../../src/core/request.js';
import { modelId, profileId, type Target } from '../../src/core/target.js';
import { loadCatalogue } from '../../src/models/catalogue/load-catalogue.js';
import { callContext } from '../support/call-context.js';
import { startTestSandbox, type TestSandbox } from '../support/sandbox.js';
import { claude, clientOf, llama, nova, routed, weatherTool } from './client-setup.js';

const rows = new Map(loadCatalogue().models.map((model) => [model.id, model]));
const long = 'All about the weather of Switzerland. '.repeat(400);
const talk: Message[] = [
  { role: 'user', content: long },
  { role: 'assistant', content: 'Interesting.' },
  { role: 'user', content: 'And now?' },
];
const oldClaude: Target = {
  model: modelId('anthropic.claude-3-7-sonnet-20250219-v1:0'),
  region: claude.region,
  profile: profileId('us.anthropic.claude-3-7-sonnet-20250219-v1:0'),
};

function points(
  given: Partial<ModelRequest> & { prompt?: string },
  target = claude,
  promptCaching: PromptCaching = 'auto',
) {
  const { input } = encodeConverseRequest(routed(given, target), rows.get(target.model), { promptCaching });
  const places = {
    system: input.system ?? [],
    tools: input.toolConfig?.tools ?? [],
    messages: (input.messages ?? []).flatMap(({ content }) => content ?? []),
  };
  return Object.entries(places).flatMap(([place, parts]) =>
    parts.flatMap((part, index) =>
      'cachePoint' in part && part.cachePoint ? [[place, index, part.cachePoint.ttl ?? '5m']] : [],
    ),
  );
}

describe('cache points', () => {
  const tools = [{ ...weatherTool, description: long.slice(0, 9_999) }];
  it.each<[string, Parameters<typeof points>, unknown[]]>([
    ['stand behind long system text', [{ prompt: 'x', system: long }], [['system', 1, '5m']]],
    ['cover the tools from behind it', [{ prompt: 'x', system: 'Brief.', tools: [...tools] }], [['system', 1, '5m']]],
    ['stand behind tools alone', [{ prompt: 'x', tools: [...tools] }], [['tools', 1, '5m']]],
    ['stand behind a conversation under way', [{ messages: talk }], [['messages', 3, '5m']]],
    [
      'stand behind both',
      [{ messages: talk, system: long }],
      [
        ['system', 1, '5m'],
        ['messages', 3, '5m'],
      ],
    ],
    ['are not for one long question', [{ prompt: long }], []],
    ['are not for short text', [{ prompt: 'x', system: 'Brief.' }], []],
    ['are not for models without caching', [{ prompt: 'x', system: long }, llama], []],
    ['can be switched off', [{ prompt: 'x', system: long }, claude, 'off'], []],
    ['last an hour where that is possible', [{ prompt: 'x', system: long }, claude, '1h'], [['system', 1, '1h']]],
    ['last five minutes elsewhere', [{ prompt: 'x', system: long }, oldClaude, '1h'], [['system', 1, '5m']]],
    ['are not for tools alone of Nova', [{ prompt: 'x', tools: [...tools] }, nova], []],
    [
      'do not follow a document',
      [
        {
          messages: [
            ...talk.slice(0, 2),
            {
              role: 'user',
              content: [
                { type: 'text', text: 'And this?' },
                { type: 'document', format: 'txt', name: 'a', data: 'AAAA' },
              ],
            },
          ],
          system: 'x',
        },
        claude,
      ],
      [],
    ],
  ])('%s', (_, args, expected) => {
    expect(points(...args)).toEqual(expected);
  });
});

describe('over the sandbox', () => {
  let sandbox: TestSandbox;
  let client: BedrockClient;
  beforeAll(async () => {
    sandbox = await startTestSandbox();
    client = clientOf(sandbox.url, sandbox.catalogue, { features: { promptCaching: '1h' } });
  });
  afterAll(async () => {
    client.close();
    await sandbox.close();
  });

  it('the first call writes the prefix and the next reads it', async () => {
    const ask = (prompt: string) => client.converse(routed({ prompt, system: long }, claude), callContext());
    const [first, second] = [await ask('One?'), await ask('Two?')];
    expect(first.usage).toMatchObject({ cacheReadTokens: 0, cacheWriteTokens: expect.any(Number), estimated: false });
    expect(first.usage.cacheWriteTokens).toBeGreaterThan(1_024);
    expect(first.usage.cacheWrite1hTokens).toBe(first.usage.cacheWriteTokens);
    expect(second.usage).toMatchObject({ cacheReadTokens: first.usage.cacheWriteTokens, cacheWriteTokens: 0 });
  });

  it.each([nova, llama, oldClaude])('is accepted for %j', async (target) => {
    // The sandbox refuses what AWS refuses, whatever the catalogue says of its end.
    await sandbox.control.access({ model: target.model, lifecycle: 'ACTIVE' });
    const answer = client.converse(routed({ prompt: 'x', system: long }, target), callContext());
    await expect(answer).resolves.toMatchObject({ stopReason: 'end_turn' });
  });
});
