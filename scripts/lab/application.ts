import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Application, compose } from '../../src/compose.js';
import { loadSettings } from '../../src/config/settings.js';
import { type Random, systemClock, systemRandom } from '../../src/core/clock.js';
import { ServiceError } from '../../src/core/errors.js';
import type { CallEvent } from '../../src/core/events.js';
import type { Invocation } from '../../src/core/integration-service.js';
import type { Logger } from '../../src/core/ports.js';
import { modelRequest } from '../../src/core/request.js';
import { loadCatalogue } from '../../src/models/catalogue/load-catalogue.js';
import type { RecordedCall } from '../../src/sandbox/calls.js';
import type { FaultSpec } from '../../src/sandbox/faults.js';
import { type SandboxOptions, sandboxCredentials, startSandbox } from '../../src/sandbox/sandbox.js';

/* The whole application over the sandbox, in one process, for experiments. */

const silent = () => undefined;
const silentLogger: Logger = { debug: silent, info: silent, warn: silent, error: silent };

export interface LabCall {
  readonly outcome: Invocation | ServiceError;
  readonly events: readonly CallEvent[];
  readonly elapsedMs: number;
}

export interface Lab {
  readonly application: Application;
  readonly sandboxUrl: string;
  /** Never rejects with a ServiceError: that is the outcome. */
  call(fields: Record<string, unknown>, signal?: AbortSignal): Promise<LabCall>;
  /** The same under an idempotency key; undefined for a call that got what another one with its key has made. */
  callOnce(key: string, fields: Record<string, unknown>, signal: AbortSignal): Promise<LabCall | undefined>;
  /** Replaces all faults. */
  faults(faults: readonly FaultSpec[]): Promise<void>;
  latency(latency: { firstTokenMs: number; tokensPerSecond: number }): Promise<void>;
  /** Requests for models that reached the sandbox. */
  upstream(): Promise<readonly RecordedCall[]>;
  close(): Promise<void>;
}

export interface LabOptions {
  readonly env?: Record<string, string>;
  readonly random?: Random;
  readonly latency?: SandboxOptions['latency'];
  /** The sandbox runs in a process of its own; `random` is not for it then. */
  readonly apart?: boolean;
}

export async function openLab(options: LabOptions = {}): Promise<Lab> {
  const { env = {}, random = systemRandom, latency, apart = false } = options;
  const sandbox = apart
    ? await startSandboxApart()
    : await startSandbox({ catalogue: loadCatalogue(), random, recordedCalls: 100_000 });
  if (latency) await order(sandbox.url, 'POST', 'latency', latency);
  const dataDir = mkdtempSync(join(tmpdir(), 'kairos-lab-'));
  const application = await start({
    AWS_BEDROCK_ACCESS_KEY_ID: sandboxCredentials.accessKeyId,
    AWS_BEDROCK_SECRET_ACCESS_KEY: sandboxCredentials.secretAccessKey,
    AWS_ENDPOINT_URL: sandbox.url,
    BEDROCK_DATA_DIR: dataDir,
    ...env,
  });
  await application.warm();
  const control = (method: string, route: string, body?: unknown) => order(sandbox.url, method, route, body);
  return {
    application,
    sandboxUrl: sandbox.url,
    call: (fields, signal = new AbortController().signal) => measuredCall(application, fields, signal),
    callOnce: (key, fields, signal) => keyedCall(application, key, fields, signal),
    faults: async (faults) => {
      await control('DELETE', 'faults');
      // The server asks for lists by itself; faults are for the calls of models.
      const forModels = faults.map((fault) => ({ operation: 'ConverseStream', ...fault }));
      if (forModels.length > 0) await control('POST', 'faults', forModels);
    },
    latency: async (value) => {
      await control('POST', 'latency', value);
    },
    upstream: async () => {
      const { calls } = (await control('GET', 'calls')) as { calls: RecordedCall[] };
      return calls.filter(({ operation }) => operation === 'ConverseStream');
    },
    close: async () => {
      await application.service.close();
      await sandbox.close();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

interface RunningSandbox {
  readonly url: string;
  close(): Promise<void>;
}

async function startSandboxApart(): Promise<RunningSandbox> {
  const file = fileURLToPath(new URL('sandbox-process.ts', import.meta.url));
  const child = spawn(process.execPath, ['--import', 'tsx', file], { stdio: ['pipe', 'pipe', 'inherit'] });
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const url = await new Promise<string>((resolve, reject) => {
    child.stdout.once('data', (line: Buffer) => resolve(line.toString().trim()));
    child.once('exit', (code) => reject(new Error(`the sandbox ended at once with code ${code}`)));
  });
  return {
    url,
    close: () => {
      child.stdin.end();
      return exited;
    },
  };
}

async function start(env: Record<string, string>): Promise<Application> {
  const loaded = await loadSettings({ env, readFile: () => Promise.reject(new Error('there is no file')) });
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems));
  const { settings } = loaded;
  return await compose({ settings, version: '0', logger: silentLogger, clock: systemClock, random: systemRandom });
}

async function order(url: string, method: string, route: string, body?: unknown): Promise<unknown> {
  const init = body === undefined ? { method } : { method, body: JSON.stringify(body) };
  const response = await fetch(`${url}/_sandbox/${route}`, init);
  if (!response.ok) throw new Error(`${method} ${route}: ${await response.text()}`);
  return await response.json();
}

async function measuredCall(
  { service }: Application,
  fields: Record<string, unknown>,
  signal: AbortSignal,
): Promise<LabCall> {
  const events: CallEvent[] = [];
  const startedMs = performance.now();
  const request = modelRequest.parse(fields);
  const caller = { id: 'lab', tenant: 'lab' };
  const onEvent = (event: CallEvent) => events.push(event);
  const outcome = await service
    .invoke(request, { tool: 'bedrock_invoke', caller, signal, onEvent })
    .catch((thrown: unknown) => {
      if (thrown instanceof ServiceError) return thrown;
      throw thrown;
    });
  return { outcome, events, elapsedMs: performance.now() - startedMs };
}

async function keyedCall(
  application: Application,
  key: string,
  fields: Record<string, unknown>,
  signal: AbortSignal,
): Promise<LabCall | undefined> {
  const caller = { id: 'lab', tenant: 'lab' };
  const made: LabCall[] = [];
  const options = {
    tool: 'bedrock_invoke',
    caller,
    key,
    request: key,
    signal,
    timeoutMs: Number(fields['timeout_ms']),
  };
  const make = async () => {
    const call = await measuredCall(application, fields, signal);
    made.push(call);
    if (call.outcome instanceof ServiceError) throw call.outcome;
    return { made: true };
  };
  await application.service.jobs.once(options, make).catch((thrown: unknown) => {
    if (!(thrown instanceof ServiceError)) throw thrown;
  });
  return made[0];
}

/** Random numbers that a seed repeats (mulberry32). */
export function seededRandom(seed: number): Random {
  let state = seed;
  return {
    next: () => {
      state = (state + 0x6d2b79f5) | 0;
      let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
      mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
      return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
    },
    id: () => globalThis.crypto.randomUUID(),
  };
}

export const isAnswer = (outcome: LabCall['outcome']): outcome is Invocation => !(outcome instanceof ServiceError);

/** The value below which so large a part of the sorted numbers lies; 0 for none. */
export function percentile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((left, right) => left - right);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0;
}
