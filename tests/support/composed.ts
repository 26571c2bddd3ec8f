import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compose } from '../../src/compose.js';
import { loadSettings } from '../../src/config/settings.js';
import { systemClock, systemRandom } from '../../src/core/clock.js';
import type { Logger } from '../../src/core/ports.js';
import { modelRequest } from '../../src/core/request.js';
import type { SandboxOptions } from '../../src/sandbox/sandbox.js';
import { startTestSandbox } from './sandbox.js';

const silent: Logger = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

/** The whole server behind its tools, in this process, over a sandbox of its own. */
export async function startComposed(env: Record<string, string> = {}, aws: Partial<SandboxOptions> = {}) {
  const sandbox = await startTestSandbox(aws);
  const dataDir = mkdtempSync(join(tmpdir(), 'kairos-bedrock-test-'));
  const { accessKeyId, secretAccessKey } = sandbox.credentials;
  const loaded = await loadSettings({
    readFile: () => Promise.reject(new Error('no configuration file')),
    env: {
      AWS_BEDROCK_REGION: 'us-east-1',
      AWS_BEDROCK_ACCESS_KEY_ID: accessKeyId,
      AWS_BEDROCK_SECRET_ACCESS_KEY: secretAccessKey,
      AWS_ENDPOINT_URL_BEDROCK_RUNTIME: sandbox.url,
      AWS_ENDPOINT_URL_BEDROCK: sandbox.url,
      BEDROCK_DATA_DIR: dataDir,
      BEDROCK_METRICS_ENABLED: 'false',
      ...env,
    },
  });
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems));
  const { service, warm } = await compose({
    settings: loaded.settings,
    version: '0.0.0',
    logger: silent,
    clock: systemClock,
    random: systemRandom,
  });
  const options = {
    tool: 'bedrock_invoke',
    caller: { id: 'tester', tenant: 'tester' },
    signal: new AbortController().signal,
  };
  return {
    service,
    warm,
    clock: systemClock,
    control: sandbox.control,
    options,
    /** Asks as bedrock_invoke does. */
    invoke: (args: Record<string, unknown>) => service.invoke(modelRequest.parse(args), options),
    /** Calls of the runtime; the server also asks for lists of models by itself. */
    modelCalls: async () =>
      (await sandbox.control.calls()).filter(({ operation = '' }) => !/^(List|Get)/.test(operation)),
    close: async () => {
      await service.close();
      await sandbox.close();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

export type Composed = Awaited<ReturnType<typeof startComposed>>;
