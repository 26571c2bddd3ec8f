import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { createAuthenticationManager } from '../../src/bedrock/authentication-manager.js';
import type { BedrockClient } from '../../src/bedrock/bedrock-client.js';
import { systemClock } from '../../src/core/clock.js';
import { ServiceError } from '../../src/core/errors.js';
import { responseText } from '../../src/core/response.js';
import { modelId } from '../../src/core/target.js';
import type { FaultSpec } from '../../src/sandbox/faults.js';
import { callContext } from '../support/call-context.js';
import { startTestSandbox, type TestSandbox } from '../support/sandbox.js';
import { claude, clientOf, errorOf, llama, nova, routed, weatherTool } from './client-setup.js';

let sandbox: TestSandbox;
let client: BedrockClient;
const opened: BedrockClient[] = [];

/** A further client, closed with the rest. */
const newClient = (overrides: Parameters<typeof clientOf>[2]) => {
  const made = clientOf(sandbox.url, sandbox.catalogue, overrides);
  opened.push(made);
  return made;
};

beforeAll(async () => {
  sandbox = await startTestSandbox();
  client = newClient({});
});
afterEach(() => sandbox.control.reset());
afterAll(async () => {
  for (const each of opened) each.close();
  await sandbox.close();
});

describe('an answer', () => {
  it('is streamed, gathered and measured', async () => {
    const pieces: string[] = [];
    const response = await client.converse(routed(), callContext({ onText: (text) => pieces.push(text) }));
    expect(pieces.length).toBeGreaterThan(1);
    expect(pieces.join('')).toBe(responseText(response.content));
    expect(response).toMatchObject({ stopReason: 'end_turn', served: nova, source: 'sandbox', notices: [] });
    expect(response.usage.estimated).toBe(false);
    expect(response.usage.inputTokens).toBeGreaterThan(0);
    expect(response.timeToFirstTokenMs).toBeGreaterThan(0);
    const [call] = await sandbox.control.calls();
    expect(call).toMatchObject({ operation: 'ConverseStream', modelId: 'us.amazon.nova-lite-v1:0', aborted: false });
  });

  it('keeps its connection for the next', async () => {
    await client.converse(routed(), callContext());
    await client.converse(routed(), callContext());
    expect((await sandbox.control.calls()).map(({ aborted }) => aborted)).toEqual([false, false]);
  });

  it('carries tool calls, streamed or not', async () => {
    for (const target of [claude, llama]) {
      await sandbox.control.replies({ toolUse: { name: 'weather', input: { city: 'Bern' } } });
      const response = await client.converse(
        routed({ prompt: 'Weather?', tools: [weatherTool] }, target),
        callContext(),
      );
      expect(response.stopReason).toBe('tool_use');
      expect(response.content).toContainEqual(
        expect.objectContaining({ type: 'tool_use', name: 'weather', input: { city: 'Bern' } }),
      );
    }
    expect((await sandbox.control.calls()).map(({ operation }) => operation)).toEqual(['ConverseStream', 'Converse']);
  });

  it('carries reasoning', async () => {
    await sandbox.control.replies({ reasoning: 'Let me see.', text: 'Yes.' });
    const { content } = await client.converse(routed({ prompt: 'Well?' }, claude), callContext());
    expect(content[0]).toMatchObject({ type: 'reasoning', text: 'Let me see.' });
    expect(responseText(content)).toBe('Yes.');
  });

  it.each(['content_filtered', 'guardrail_intervened'])('may have ended by %s', async (stopReason) => {
    await sandbox.control.replies({ text: 'No.', stopReason });
    expect((await client.converse(routed(), callContext())).stopReason).toBe(stopReason);
  });

  it('has its usage estimated where the counts cannot be right', async () => {
    for (const bad of [-5, '7', 1e30, null]) {
      await sandbox.control.faults({ kind: 'bad-usage', usage: { inputTokens: bad }, count: 1 });
      const { usage } = await client.converse(routed(), callContext());
      expect(usage.estimated).toBe(true);
      expect(usage.inputTokens).toBeGreaterThan(0);
      expect(usage.inputTokens).toBeLessThan(100);
    }
  });
});

describe('a fault', () => {
  const faults: readonly (readonly [FaultSpec, object])[] = [
    [
      { kind: 'end-early', afterEvents: 4 },
      { category: 'model_error', reason: 'stream_truncated' },
    ],
    [
      { kind: 'half-frame', afterEvents: 4 },
      { category: 'model_error', reason: 'stream_truncated' },
    ],
    [{ kind: 'reset', afterEvents: 4 }, { category: 'network' }],
    [{ kind: 'cut', afterEvents: 4 }, { category: 'network' }],
    [{ kind: 'cut-before' }, { category: 'network' }],
    [
      { kind: 'bad-crc', afterEvents: 4 },
      { category: 'model_error', reason: 'invalid_answer' },
    ],
    [
      { kind: 'stall', afterEvents: 4 },
      { category: 'timeout', reason: 'idle_timeout' },
    ],
    [
      { kind: 'stall', afterEvents: 1 },
      { category: 'timeout', reason: 'first_token_timeout' },
    ],
    [{ kind: 'hang' }, { category: 'timeout', reason: 'first_token_timeout' }],
    [{ kind: 'empty-body' }, { category: 'model_error', reason: 'stream_truncated' }],
    [{ kind: 'malformed-json' }, { category: 'model_error' }],
    [{ kind: 'html-error' }, { category: 'network' }],
    [
      { kind: 'giant-body', bytes: 2_000_000 },
      { category: 'model_error', reason: 'answer_too_large' },
    ],
    [{ kind: 'wrong-content-type' }, { category: 'model_error', reason: 'invalid_answer' }],
    [{ kind: 'stream-exception', name: 'throttlingException' }, { category: 'rate_limit' }],
    [{ kind: 'stream-exception', name: 'modelStreamErrorException', afterEvents: 4 }, { category: 'model_error' }],
    [{ kind: 'stream-exception', name: 'modelTimeoutException', afterEvents: 4 }, { category: 'timeout' }],
    [{ kind: 'stream-exception', name: 'validationException' }, { category: 'validation' }],
    [
      { kind: 'error', name: 'ThrottlingException', retryAfterSeconds: 2 },
      { category: 'rate_limit', retryAfterMs: 2_000 },
    ],
    [{ kind: 'error', name: 'ModelErrorException' }, { category: 'model_error' }],
  ];

  it.each(faults)('%j of a stream is told as what it is', async (fault, expected) => {
    const { reason } = expected as { reason?: string };
    // Short only where it is the limit that has to end the call, so that a busy machine decides nothing.
    const impatient = newClient({
      firstTokenTimeoutMs: reason === 'first_token_timeout' ? 150 : 20_000,
      idleTimeoutMs: reason === 'idle_timeout' ? 80 : 20_000,
      connection: { maxAnswerBytes: 1_000_000 },
    });
    await sandbox.control.faults(fault);
    const pieces: string[] = [];
    const error = await errorOf(impatient.converse(routed(), callContext({ onText: (text) => pieces.push(text) })));
    expect(error).toMatchObject({ ...expected, target: nova, textHandedOn: pieces.length > 0 });
    if (pieces.length > 0) expect(error.usage).toMatchObject({ estimated: true });
    expect(`${error.message} ${error.remedy}`).not.toMatch(/sandbox|<html|Too many requests|undefined/i);
    await sandbox.control.clearFaults();
    await (reason?.endsWith('_timeout') ? client : impatient).converse(routed(), callContext());
  });

  const plainFaults: readonly (readonly [FaultSpec, object])[] = [
    [{ kind: 'empty-object' }, { category: 'model_error', reason: 'invalid_answer' }],
    [{ kind: 'empty-body' }, { category: 'model_error', reason: 'invalid_answer' }],
    [{ kind: 'malformed-json' }, { category: 'model_error', reason: 'invalid_answer' }],
    [{ kind: 'html-error' }, { category: 'network' }],
    [{ kind: 'cut' }, { category: 'network' }],
    [
      { kind: 'giant-body', bytes: 2_000_000 },
      { category: 'model_error', reason: 'answer_too_large' },
    ],
  ];

  it.each(plainFaults)('%j of a plain answer is told as what it is', async (fault, expected) => {
    const impatient = newClient({ connection: { maxAnswerBytes: 1_000_000 } });
    await sandbox.control.faults(fault);
    const request = routed({ prompt: 'Weather?', tools: [weatherTool] }, llama);
    expect(await errorOf(impatient.converse(request, callContext()))).toMatchObject(expected);
  });

  it('that only sends an unknown event is none', async () => {
    await sandbox.control.faults({ kind: 'unknown-event' });
    expect((await client.converse(routed(), callContext())).stopReason).toBe('end_turn');
  });
});

describe('a cancel', () => {
  const slow = { firstTokenMs: 20, tokensPerSecond: 20 };

  it('reaches the socket and ends the call at once', async () => {
    await sandbox.control.latency(slow);
    const controller = new AbortController();
    const pieces: string[] = [];
    const context = callContext({
      signal: controller.signal,
      onText: (text) => {
        pieces.push(text);
        controller.abort();
      },
    });
    const error = await errorOf(client.converse(routed(), context));
    expect(error).toMatchObject({ category: 'cancelled', textHandedOn: true, usage: { estimated: true } });
    expect(pieces).toHaveLength(1);
    let aborted = false;
    for (let tries = 0; tries < 50 && !aborted; tries += 1) {
      aborted = (await sandbox.control.calls())[0]?.aborted ?? false;
      await systemClock.sleep(10);
    }
    expect(aborted).toBe(true);
  });

  it('stops the text, also what has arrived already', async () => {
    const controller = new AbortController();
    const pieces: string[] = [];
    const onText = (text: string) => {
      pieces.push(text);
      controller.abort();
    };
    await errorOf(client.converse(routed(), callContext({ signal: controller.signal, onText })));
    await systemClock.sleep(50);
    expect(pieces).toHaveLength(1);
  });

  it('by a deadline keeps the reason of the deadline', async () => {
    await sandbox.control.faults({ kind: 'hang' });
    const controller = new AbortController();
    const call = errorOf(client.converse(routed(), callContext({ signal: controller.signal })));
    await systemClock.sleep(50);
    controller.abort(new ServiceError('timeout', 'Too late.', { reason: 'deadline' }));
    expect(await call).toMatchObject({ category: 'timeout', reason: 'deadline', message: 'Too late.', target: nova });
  });

  it('before the call sends nothing', async () => {
    const context = callContext({ signal: AbortSignal.abort() });
    const error = await errorOf(client.converse(routed({ prompt: 'A prompt of its own.' }), context));
    expect(error.category).toBe('cancelled');
    // A call that the test before cut off may still come in.
    expect(JSON.stringify(await sandbox.control.calls())).not.toContain('A prompt of its own.');
  });
});

describe('credentials', () => {
  const { accessKeyId, secretAccessKey, bearerToken } = {
    accessKeyId: 'AKIASANDBOX000000000',
    secretAccessKey: 'sandbox-secret-access-key-0000000000000000',
    bearerToken: 'sandbox-bedrock-api-key',
  };
  const authenticated = (options: Partial<Parameters<typeof createAuthenticationManager>[0]>) =>
    newClient({ authentication: createAuthenticationManager({ clock: systemClock, ...options }) });

  it('that are wrong are told apart from a wrong secret, and asked once', async () => {
    const unknown = authenticated({ accessKeyId: 'AKIAUNKNOWN000000000', secretAccessKey });
    expect(await errorOf(unknown.converse(routed(), callContext()))).toMatchObject({
      category: 'authentication',
      reason: 'credentials_invalid',
    });
    const wrongSecret = authenticated({ accessKeyId, secretAccessKey: 'wrong' });
    expect(await errorOf(wrongSecret.converse(routed(), callContext()))).toMatchObject({ category: 'authentication' });
    expect(await sandbox.control.calls()).toHaveLength(2);
  });

  it('may be a bearer token', async () => {
    await authenticated({ bearerToken }).converse(routed(), callContext());
    const error = await errorOf(authenticated({ bearerToken: 'no' }).converse(routed(), callContext()));
    expect(error.category).toBe('authentication');
  });

  it('given as keys win over a bearer token, also one in the environment', async () => {
    process.env['AWS_BEARER_TOKEN_BEDROCK'] = 'ambient';
    try {
      await authenticated({ accessKeyId, secretAccessKey, bearerToken: 'other' }).converse(routed(), callContext());
    } finally {
      delete process.env['AWS_BEARER_TOKEN_BEDROCK'];
    }
    expect((await sandbox.control.calls())[0]).toMatchObject({ accessKeyId, status: 200 });
  });

  it('survive a clock that is an hour off', async () => {
    await sandbox.control.clock(3_600_000);
    const skewed = newClient({});
    await skewed.converse(routed(), callContext());
    await skewed.converse(routed(), callContext());
    expect((await sandbox.control.calls()).map(({ status }) => status)).toEqual([403, 200, 200]);
  });
});

it('has the answer of a model without Converse refused before it is asked', async () => {
  const target = { ...nova, model: modelId('amazon.titan-embed-text-v2:0') };
  expect(await errorOf(client.converse(routed({ prompt: 'x' }, target), callContext()))).toMatchObject({
    category: 'model_unavailable',
    reason: 'not_supported',
  });
  expect(await sandbox.control.calls()).toEqual([]);
});

it('warms up without an error, whatever is there', async () => {
  await newClient({}).warm(nova.region);
  await newClient({ endpoint: 'http://127.0.0.1:1' }).warm(nova.region);
});

it.each([
  ['a refused connection', 'http://127.0.0.1:1'],
  ['an unknown host', 'http://bedrock.invalid'],
])('tells %s', async (_, endpoint) => {
  const error = await errorOf(newClient({ endpoint }).converse(routed(), callContext()));
  expect(error).toMatchObject({ category: 'network', target: nova });
  expect(error.usage).toBeUndefined();
});
