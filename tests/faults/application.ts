import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Application, compose } from '../../src/compose.js';
import { loadSettings } from '../../src/config/settings.js';
import { type Clock, type Random, systemClock, systemRandom } from '../../src/core/clock.js';
import { ServiceError } from '../../src/core/errors.js';
import type { Invocation } from '../../src/core/integration-service.js';
import type { Logger } from '../../src/core/ports.js';
import { modelRequest } from '../../src/core/request.js';
import type { RecordedCall } from '../../src/sandbox/calls.js';
import type { FaultSpec } from '../../src/sandbox/faults.js';
import { startTestSandbox, type TestSandbox } from '../support/sandbox.js';

/* The whole application in this process, over the sandbox as if that were AWS. */

export interface LogLine {
  readonly level: keyof Logger;
  readonly message: string;
  readonly fields: Record<string, unknown>;
}

export interface TestApplication {
  readonly application: Application;
  readonly sandbox: TestSandbox;
  readonly logged: readonly LogLine[];
  invoke(fields: Record<string, unknown>, signal?: AbortSignal): Promise<Invocation>;
  /** The typed error of a call that must fail. */
  failure(fields: Record<string, unknown>, signal?: AbortSignal): Promise<ServiceError>;
  /** Calls of models that reached the sandbox. */
  upstream(): Promise<readonly RecordedCall[]>;
  close(): Promise<void>;
}

export interface ApplicationParts {
  readonly clock?: Clock;
  readonly random?: Random;
  /** Shared with other applications; whoever started it closes it. Default: one of its own. */
  readonly sandbox?: TestSandbox;
}

/** Waits between retries last no time at all. */
export const withoutJitter: Random = { ...systemRandom, next: () => 0 };

export async function startApplication(
  env: Record<string, string> = {},
  { clock = systemClock, random = systemRandom, sandbox: shared }: ApplicationParts = {},
): Promise<TestApplication> {
  const sandbox = shared ?? (await startTestSandbox());
  const dataDir = mkdtempSync(join(tmpdir(), 'kairos-faults-'));
  const { accessKeyId, secretAccessKey } = sandbox.credentials;
  const loaded = await loadSettings({
    env: {
      AWS_BEDROCK_ACCESS_KEY_ID: accessKeyId,
      AWS_BEDROCK_SECRET_ACCESS_KEY: secretAccessKey,
      AWS_ENDPOINT_URL: sandbox.url,
      BEDROCK_DATA_DIR: dataDir,
      BEDROCK_CACHE_TTL: '0',
      ...env,
    },
    readFile: () => Promise.reject(new Error('no file')),
  });
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems));
  const logged: LogLine[] = [];
  const application = await compose({
    settings: loaded.settings,
    version: '0.0.0',
    logger: collectingLogger(logged),
    clock,
    random,
  });
  // The first call would load the AWS SDK on its own time.
  await application.warm();
  // The server asks for lists by itself; faults are for the calls of models, unless they say otherwise.
  const faults: TestSandbox['control']['faults'] = (...given) =>
    sandbox.control.faults(...given.map((fault): FaultSpec => ({ operation: 'ConverseStream', ...fault })));
  const invoke: TestApplication['invoke'] = (fields, signal = new AbortController().signal) =>
    application.service.invoke(
      modelRequest.parse({ prompt: 'Hello there', max_tokens: 50, cache: 'bypass', ...fields }),
      {
        tool: 'bedrock_invoke',
        caller: { id: 'tester', tenant: 'tester' },
        signal,
      },
    );
  return {
    application,
    sandbox: { ...sandbox, control: { ...sandbox.control, faults } },
    logged,
    invoke,
    failure: async (fields, signal) => {
      const outcome: unknown = await invoke(fields, signal).catch((error: unknown) => error);
      if (outcome instanceof ServiceError) return outcome;
      throw new Error('the call was to fail');
    },
    upstream: async () => (await sandbox.control.calls()).filter(({ operation }) => operation === 'ConverseStream'),
    close: async () => {
      await application.service.close();
      if (sandbox !== shared) await sandbox.close();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

function collectingLogger(logged: LogLine[]): Logger {
  const at =
    (level: keyof Logger) =>
    (message: string, fields: Record<string, unknown> = {}) => {
      logged.push({ level, message, fields });
    };
  return { debug: () => undefined, info: at('info'), warn: at('warn'), error: at('error') };
}
