import { readFile } from 'node:fs/promises';
import { type Catalogue, catalogueSchema } from '../../src/core/model.js';
import type { RecordedCall } from '../../src/sandbox/calls.js';
import type { CredentialsChange } from '../../src/sandbox/credentials.js';
import type { FaultSpec } from '../../src/sandbox/faults.js';
import type { LimitSpec } from '../../src/sandbox/limits.js';
import type { ReplySpec } from '../../src/sandbox/replies.js';
import { type SandboxOptions, sandboxCredentials, startSandbox } from '../../src/sandbox/sandbox.js';

interface AccessSpec {
  readonly model: string;
  readonly access?: 'granted' | 'denied';
  readonly lifecycle?: 'ACTIVE' | 'LEGACY' | 'EOL';
}

/** The control API of a running sandbox, for tests. */
function createSandboxControl(url: string) {
  async function send<Answer = object>(method: string, route: string, body?: unknown): Promise<Answer> {
    const init = body === undefined ? { method } : { method, body: JSON.stringify(body) };
    const response = await fetch(`${url}/_sandbox/${route}`, init);
    const answer = (await response.json()) as Answer;
    if (!response.ok) throw new Error(`${method} ${route}: ${JSON.stringify(answer)}`);
    return answer;
  }

  return {
    faults: (...faults: readonly FaultSpec[]) => send('POST', 'faults', faults),
    clearFaults: () => send('DELETE', 'faults'),
    replies: (...replies: readonly ReplySpec[]) => send('POST', 'replies', replies),
    calls: async () => (await send<{ calls: RecordedCall[] }>('GET', 'calls')).calls,
    clearCalls: () => send('DELETE', 'calls'),
    limits: (...limits: readonly LimitSpec[]) => send('POST', 'limits', limits),
    guardrails: (...guardrails: readonly object[]) => send('POST', 'guardrails', guardrails),
    latency: (latency: { firstTokenMs?: number; tokensPerSecond?: number }) => send('POST', 'latency', latency),
    access: (...access: readonly AccessSpec[]) => send('POST', 'access', access),
    /** Adds or removes a key, or lets the session of one expire. */
    credentials: (change: CredentialsChange) => send('POST', 'credentials', change),
    /** Puts the sandbox's clock wrong by so many milliseconds. */
    clock: (offsetMs: number) => send('POST', 'clock', { offsetMs }),
    /** Forgets everything that was set, queued and recorded. */
    reset: () => send('POST', 'reset'),
    /** Any control route, as it is. */
    send,
  };
}

let parsed: Promise<Catalogue> | undefined;

function testCatalogue(): Promise<Catalogue> {
  const file = 'src/models/catalogue/bedrock-models.json';
  parsed ??= readFile(file, 'utf8').then((text) => catalogueSchema.parse(JSON.parse(text)));
  return parsed;
}

/** A sandbox on a free port with the product's catalogue. */
export async function startTestSandbox(overrides: Partial<SandboxOptions> = {}) {
  const catalogue = overrides.catalogue ?? (await testCatalogue());
  const sandbox = await startSandbox({ catalogue, ...overrides });
  return {
    sandbox,
    url: sandbox.url,
    control: createSandboxControl(sandbox.url),
    credentials: overrides.credentials ?? sandboxCredentials,
    catalogue,
    close: () => sandbox.close(),
  };
}

export type TestSandbox = Awaited<ReturnType<typeof startTestSandbox>>;
