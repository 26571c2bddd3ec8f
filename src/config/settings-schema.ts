import { z } from 'zod';
import { alerts } from './alert-settings.js';
import { authentication } from './authentication-settings.js';
import { aws } from './aws-settings.js';
import { cache } from './cache-settings.js';
import { cost } from './cost-settings.js';
import { optional, required } from './define-setting.js';
import { anything, choice, flag, httpUrl, list, text, url, usd, word } from './fields.js';
import { httpLimits } from './http-settings.js';
import { limits } from './limit-settings.js';
import { models } from './routing-settings.js';
import { server } from './server-settings.js';

const encryptionKey = text(
  '32 bytes as 64 hexadecimal digits or as base64 (openssl rand -base64 32)',
  /^([0-9a-f]{64}|[A-Za-z0-9+/]{43}=?)$/i,
);

const encryption = z.strictObject({
  keys: required(
    list(encryptionKey),
    [],
    { variable: 'BEDROCK_ENCRYPTION_KEY', secret: 'value', defaultText: 'none' },
    'AES-256 key of what is kept in Redis; after a change the older ones follow the new one, and only open.',
  ),
});

const guardrail = z.strictObject({
  id: optional(
    text('a guardrail id or ARN', /^[\w:/-]{1,2048}$/),
    { variable: 'BEDROCK_GUARDRAIL_ID', defaultText: 'none' },
    'Guardrail that all conversations go through, and texts to embed or to rank.',
  ),
  version: required(
    text('a version number or DRAFT', /^([1-9]\d{0,7}|DRAFT)$/),
    'DRAFT',
    { variable: 'BEDROCK_GUARDRAIL_VERSION' },
    'Version of the guardrail.',
  ),
});

const localModel = z.strictObject({
  url: optional(
    httpUrl,
    { variable: 'BEDROCK_LOCAL_MODEL_URL', secret: 'credentials', defaultText: 'none' },
    'Base of an OpenAI-compatible API (http://127.0.0.1:11434/v1) that answers when all of Bedrock fails.',
  ),
  model: optional(word, { variable: 'BEDROCK_LOCAL_MODEL' }, 'Name of the model there.'),
});

const hedging = z.strictObject({
  enabled: required(
    flag,
    false,
    { variable: 'BEDROCK_HEDGING' },
    'Asks a target a second time when its first token is later than usual; at most one call in twenty.',
  ),
  maxCostUsd: required(
    usd(1_000),
    0.05,
    { variable: 'BEDROCK_HEDGE_MAX_COST' },
    'A call that could cost more than this, in USD, is never asked twice.',
  ),
});

const storage = z.strictObject({
  dataDir: optional(
    anything,
    { variable: 'BEDROCK_DATA_DIR', defaultText: "the user's data directory for this program" },
    'Directory of the cost ledger.',
  ),
  databaseUrl: optional(
    url('postgres:', 'postgresql:'),
    { variable: 'BEDROCK_DATABASE_URL', secret: 'credentials', defaultText: 'none' },
    'PostgreSQL that several replicas share as cost ledger; while it is away, rows wait in the data directory.',
  ),
  ledgerOnLoss: required(
    choice('open', 'closed'),
    'open',
    { variable: 'BEDROCK_LEDGER_ON_LOSS' },
    'What calls do while the cost ledger cannot be written: go on and be booked later (open), or be refused (closed).',
  ),
});

const logging = z.strictObject({
  level: required(
    choice('error', 'warn', 'info', 'debug'),
    'info',
    { variable: 'BEDROCK_LOG_LEVEL' },
    'How much is logged, always to stderr.',
  ),
  format: required(
    choice('json', 'pretty'),
    'json',
    { variable: 'BEDROCK_LOG_FORMAT' },
    'One JSON object a line, or lines for people.',
  ),
});

export const environments = ['development', 'staging', 'production'] as const;

/** Types, defaults, environment names and docs of every setting. */
export const settingsSchema = z.strictObject({
  aws: aws.prefault({}),
  models: models.prefault({}),
  limits: limits.prefault({}),
  cache: cache.prefault({}),
  encryption: encryption.prefault({}),
  guardrail: guardrail.prefault({}),
  localModel: localModel.prefault({}),
  hedging: hedging.prefault({}),
  cost: cost.prefault({}),
  alerts: alerts.prefault({}),
  storage: storage.prefault({}),
  server: server.prefault({}),
  httpLimits: httpLimits.prefault({}),
  authentication: authentication.prefault({}),
  logging: logging.prefault({}),
  promptCaching: required(
    choice('auto', '1h', 'off'),
    'auto',
    { variable: 'BEDROCK_PROMPT_CACHING' },
    'Whether Bedrock keeps long prompts: for five minutes (auto), for an hour where the model can, or not at all.',
  ),
  metricsEnabled: required(
    flag,
    true,
    { variable: 'BEDROCK_METRICS_ENABLED' },
    'Collects metrics and serves /metrics.',
  ),
  environment: required(
    choice(...environments),
    'production',
    { variable: 'BEDROCK_ENVIRONMENT' },
    'Picks the defaults of other settings: development logs readable lines, staging logs details.',
  ),
  sandbox: required(
    flag,
    false,
    { variable: 'BEDROCK_SANDBOX' },
    'Answers come from a built-in stand-in for Bedrock, and say so; no AWS account is needed.',
  ),
});

export type ParsedSettings = z.output<typeof settingsSchema>;

/** Defaults by BEDROCK_ENVIRONMENT, under the names of the environment variables. */
export const profileDefaults: Readonly<Record<(typeof environments)[number], Readonly<Record<string, string>>>> = {
  development: { BEDROCK_LOG_FORMAT: 'pretty' },
  staging: { BEDROCK_LOG_LEVEL: 'debug' },
  production: {},
};
