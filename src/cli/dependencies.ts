import type { Clock } from '../core/clock.js';
import type { BedrockIntegrationService } from '../core/integration-service.js';
import type { Scope } from '../core/pipeline.js';
import type { SettingOverrides } from './arguments.js';
import type { Places } from './clients/client-list.js';
import type { Installation } from './clients/server-entry.js';
import type { OutputStream } from './terminal.js';

/** One setting as it may be shown. */
export interface ShownSetting {
  readonly variable: string;
  readonly value: string | undefined;
  readonly source: string;
}

type LoadedSettings<Settings> =
  | { readonly ok: true; readonly settings: Settings; readonly shown: readonly ShownSetting[] }
  | { readonly ok: false /** One line each. */; readonly problems: readonly string[] };

/** An IAM policy document, and the reason of each statement by its Sid. */
export interface ExplainedPolicy {
  readonly policy: object;
  readonly reasons: Readonly<Record<string, string>>;
}

interface SandboxOptions {
  readonly host: string;
  readonly port: number;
}

interface RunningSandbox {
  readonly url: string;
  /** Environment that points a Bedrock client at it. */
  readonly environment: Readonly<Record<string, string>>;
  close(): Promise<void>;
}

/** The program that runs, as a client would start it. */
export interface InstalledServer extends Installation {
  readonly places: Places;
  /** Names of the tools that only read. */
  readonly harmlessTools: readonly string[];
}

/** What an API key opens, as it stands in the file. */
export interface NewApiKey {
  readonly name: string;
  readonly scopes: Scope[];
  readonly tenant?: string;
  readonly groups?: string[];
  readonly allowed_models?: string[];
  readonly daily_usd?: number;
  readonly monthly_usd?: number;
  readonly expires_at?: string;
}

export interface ShownApiKey extends NewApiKey {
  readonly sha256: string;
  readonly created_at: string;
}

export interface KeyAdministration {
  /** Gives the key away, once. */
  add(key: NewApiKey): Promise<string>;
  list(): Promise<readonly ShownApiKey[]>;
  revoke(name: string): Promise<void>;
}

/** All that the command line needs; it looks into `Settings` nowhere. */
export interface CommandLineDependencies<Settings> {
  readonly version: string;
  readonly installation: InstalledServer;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdout: OutputStream;
  readonly stderr: OutputStream;
  readonly clock: Clock;
  /** Aborted by Ctrl-C and SIGTERM. */
  readonly signal: AbortSignal;
  readonly readInput: () => Promise<string>;
  /** The text of a file. */
  readonly readFile: (path: string) => Promise<string>;
  readonly loadSettings: (overrides: SettingOverrides) => Promise<LoadedSettings<Settings>>;
  readonly createService: (settings: Settings) => Promise<BedrockIntegrationService>;
  /** The least rights for the settings, and why each is there. `account`: 12 digits, or `*`. */
  readonly iamPolicy: (settings: Settings, account: string) => ExplainedPolicy;
  /** @throws ServiceError validation when the settings name no file for them. */
  readonly apiKeys: (settings: Settings) => KeyAdministration;
  /** Resolves when the server has ended. */
  readonly serve: (settings: Settings) => Promise<void>;
  readonly startSandbox: (options: SandboxOptions) => Promise<RunningSandbox>;
  /** Takes an error that is not ours, for the log; it may hold foreign text. */
  readonly logUnexpected: (thrown: unknown) => void;
}
