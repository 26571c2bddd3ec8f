import { z } from 'zod';
import { unknownPricePolicies } from '../core/pricing.js';
import { optimizeGoals, strategyNames, tasks } from '../core/request.js';
import { alerts } from './alert-settings.js';
import { authentication } from './authentication-settings.js';
import { aws } from './aws-settings.js';
import { budgetList, timeZone } from './budget-settings.js';
import { optional, required } from './define-setting.js';
import {
  anything,
  choice,
  flag,
  fraction,
  httpUrl,
  json,
  list,
  seconds,
  text,
  url,
  usd,
  wholeNumber,
  word,
} from './fields.js';
import { priceOverrideList } from './price-settings.js';

const modelName = text('a model id, profile id or alias', /^[\w.:/-]{1,2048}$/);
const taskRoutes = json(
  'JSON that gives each task a list of models, such as {"code":["claude-sonnet"]}',
  z.partialRecord(z.enum(tasks), z.array(modelName.schema).min(1).max(20)),
);
const modelWeights = json(
  'JSON that gives models their parts, such as {"claude-sonnet":95,"nova-pro":5}',
  z.record(z.string().min(1).max(2_048), z.number().min(0)).refine((parts) => Object.keys(parts).length <= 20),
);
const callerStrategies = json(
  'JSON that gives callers or groups their strategies, such as {"nightly-jobs":"cheapest","editors":"fastest"}',
  z.record(z.string().min(1).max(256), z.enum(strategyNames)).refine((rows) => Object.keys(rows).length <= 1_000),
);
const regionWeights = json(
  'JSON that gives regions their parts, such as {"us-east-1":3,"us-west-2":1}',
  z.record(z.string().min(1).max(64), z.number().positive()),
);
const perMinute = z.number().int().min(1).max(1e9).optional();
const quotas = json(
  'JSON that gives models their quotas, such as {"claude-sonnet@us-east-1":{"requests_per_minute":50,"tokens_per_minute":200000}}',
  z
    .record(
      z.string().regex(/^[\w.:/-]{1,2048}(@[a-z0-9-]{1,64})?$/),
      z.strictObject({ requests_per_minute: perMinute, tokens_per_minute: perMinute }),
    )
    .refine((rows) => Object.keys(rows).length <= 500),
);
const modelArns = json(
  'JSON that gives ARNs their base model, such as {"arn:aws:bedrock:…:imported-model/x":"meta.llama3-3-70b-instruct-v1:0"}',
  z.record(z.string().regex(/^arn:aws[a-z-]*:bedrock:[a-z0-9-]+:\d{12}:[\w./:-]{1,600}$/), modelName.schema),
);
/** Each is explained in caching/cache-policy.ts. */
const cacheKinds = ['temperature', 'tools', 'attachments', 'streams', 'none'] as const;
const encryptionKey = text(
  '32 bytes as 64 hexadecimal digits or as base64 (openssl rand -base64 32)',
  /^([0-9a-f]{64}|[A-Za-z0-9+/]{43}=?)$/i,
);
const directory = text('an absolute path of a directory', /^(\/|[A-Za-z]:[\\/])/);
const host = text('an address or host name of this machine', /^[\w.:-]{1,255}$/);

const models = z.strictObject({
  default: optional(
    modelName,
    { variable: 'BEDROCK_DEFAULT_MODEL', defaultText: 'chosen for each call' },
    'Model for calls that name none.',
  ),
  fallbacks: required(
    list(modelName),
    [],
    { variable: 'BEDROCK_FALLBACK_MODELS' },
    'Models that are tried, in this order, when the chosen one fails.',
  ),
  taskRoutes: required(
    taskRoutes,
    {},
    { variable: 'BEDROCK_TASK_ROUTES', defaultText: 'built-in table' },
    'Preferred models of a task, best first; tasks left out keep the built-in ones.',
  ),
  arns: required(
    modelArns,
    {},
    { variable: 'BEDROCK_MODEL_ARNS' },
    'Base model of ARNs that AWS does not explain, such as imported models.',
  ),
  optimize: required(
    choice(...optimizeGoals),
    'balanced',
    { variable: 'BEDROCK_OPTIMIZE' },
    'What to favour when a call does not say.',
  ),
  strategy: required(
    choice(...strategyNames),
    'balanced',
    { variable: 'BEDROCK_ROUTING_STRATEGY' },
    'Orders the models when a call does not say what to optimise; balanced goes by BEDROCK_OPTIMIZE.',
  ),
  callerStrategies: required(
    callerStrategies,
    {},
    { variable: 'BEDROCK_CALLER_STRATEGIES', defaultText: 'none' },
    'Strategies of single callers or groups, before BEDROCK_ROUTING_STRATEGY: by the name of the API key, the subject of a token, or a group.',
  ),
  weights: required(
    modelWeights,
    {},
    { variable: 'BEDROCK_MODEL_WEIGHTS', defaultText: 'none' },
    'Parts of the conversations by model, for the strategy weighted (A/B test, canary).',
  ),
  regionWeights: required(
    regionWeights,
    {},
    { variable: 'BEDROCK_REGION_WEIGHTS', defaultText: 'equal parts' },
    'Parts of the load by region, such as their quotas.',
  ),
  shadow: optional(
    modelName,
    { variable: 'BEDROCK_SHADOW_MODEL', defaultText: 'none' },
    'Model that gets copies of calls; its answers are thrown away, its cost is booked under the tag shadow.',
  ),
  shadowShare: required(
    fraction,
    0.1,
    { variable: 'BEDROCK_SHADOW_SHARE' },
    'Part of the calls that BEDROCK_SHADOW_MODEL gets, 0 to 1.',
  ),
});

const limits = z.strictObject({
  maxConcurrentRequests: required(
    wholeNumber(1, 10_000),
    100,
    { variable: 'BEDROCK_MAX_CONCURRENT_REQUESTS' },
    'Calls that run at once; more wait in a bounded queue.',
  ),
  maxConcurrentPerTarget: required(
    wholeNumber(1, 10_000),
    10,
    { variable: 'BEDROCK_MAX_CONCURRENT_PER_MODEL' },
    'Calls that one model in one region takes at once; more wait, or go to another model.',
  ),
  quotas: required(
    quotas,
    {},
    { variable: 'BEDROCK_QUOTAS', defaultText: 'learned from throttling' },
    'Quotas of AWS by model, profile or alias, with @region for one region only: requests and tokens a minute that this server keeps to. Replicas share an account: give each its part.',
  ),
  requestTimeoutMs: required(
    seconds(1, 3_600),
    120_000,
    { variable: 'BEDROCK_REQUEST_TIMEOUT' },
    'Time for a whole call, retries and fallbacks included, when the call does not say.',
  ),
  firstTokenTimeoutMs: required(
    seconds(0.1, 3_600),
    5_000,
    { variable: 'BEDROCK_FIRST_TOKEN_TIMEOUT' },
    'After so long without a first token the call moves to another model.',
  ),
  idleTimeoutMs: required(
    seconds(0.1, 3_600),
    60_000,
    { variable: 'BEDROCK_IDLE_TIMEOUT' },
    'Longest silence within an answer that has begun.',
  ),
  maxRequestBytes: required(
    wholeNumber(1_024, 100_000_000),
    25_000_000,
    { variable: 'BEDROCK_MAX_REQUEST_BYTES' },
    'Largest request, in bytes of UTF-8.',
  ),
  attachmentRoots: required(
    list(directory),
    [],
    { variable: 'BEDROCK_ATTACHMENT_ROOTS', defaultText: 'none: no files are read' },
    'Directories from which callers may attach files by path; links that lead out of them are refused.',
  ),
  attachmentMaxBytes: required(
    wholeNumber(1, 25_000_000),
    18_350_080,
    { variable: 'BEDROCK_ATTACHMENT_MAX_BYTES' },
    "Largest file that is attached by path, in bytes; Bedrock's own limits of each kind hold too.",
  ),
});

const cache = z.strictObject({
  ttlSeconds: required(
    wholeNumber(0, 86_400),
    300,
    { variable: 'BEDROCK_CACHE_TTL' },
    'Seconds for which an answer is kept; 0 switches the cache off, the joining of equal calls too.',
  ),
  memoryBytes: required(
    wholeNumber(1_000_000, 100_000_000_000),
    100_000_000,
    { variable: 'BEDROCK_CACHE_MEMORY_BYTES' },
    'Memory that cached answers may take.',
  ),
  eviction: required(
    choice('auto', 'lru', 'gdsf', 'tinylfu'),
    'auto',
    { variable: 'BEDROCK_CACHE_EVICTION' },
    'What goes when that memory is full; auto measures which policy saves most money.',
  ),
  include: required(
    list(choice(...cacheKinds)),
    ['streams'],
    { variable: 'BEDROCK_CACHE_INCLUDE' },
    'Calls that the cache takes too: temperature (above 0.3 without being asked to), tools, attachments, streams; none.',
  ),
  excludedCallers: required(
    list(text('a caller id', /^\S{1,256}$/)),
    [],
    { variable: 'BEDROCK_CACHE_EXCLUDED_CALLERS' },
    'Callers whose calls the cache neither answers nor keeps.',
  ),
  staleWhileRevalidateMs: required(
    seconds(0, 86_400),
    0,
    { variable: 'BEDROCK_CACHE_STALE_WHILE_REVALIDATE' },
    'For so long after its time an answer is served, and says so, while a new one is made.',
  ),
  staleIfErrorMs: required(
    seconds(0, 86_400),
    0,
    { variable: 'BEDROCK_CACHE_STALE_IF_ERROR' },
    'For so long after its time an answer is served, and says so, when no new one can be made.',
  ),
  redisUrl: optional(
    url('redis:', 'rediss:'),
    { variable: 'BEDROCK_REDIS_URL', secret: 'credentials', defaultText: 'none' },
    'Redis that several replicas share as second cache tier.',
  ),
  redisCluster: required(
    flag,
    false,
    { variable: 'BEDROCK_REDIS_CLUSTER' },
    'The Redis is a cluster; the URL names one of its nodes.',
  ),
  redisTimeoutMs: required(
    seconds(0.005, 10),
    100,
    { variable: 'BEDROCK_REDIS_TIMEOUT' },
    'After so long without an answer Redis is out of use, and calls go on without it, until a probe finds it back.',
  ),
});

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

const cost = z.strictObject({
  dailyLimitUsd: optional(
    usd(10_000_000),
    { variable: 'BEDROCK_DAILY_COST_LIMIT', defaultText: 'no limit' },
    'Calls that could spend more than this in a day (of BEDROCK_BUDGET_TIME_ZONE) are refused.',
  ),
  alertThresholdUsd: optional(
    usd(10_000_000),
    { variable: 'BEDROCK_COST_ALERT_THRESHOLD', defaultText: 'none' },
    'Spending of a day from which on the server reports itself as degraded.',
  ),
  priceOverrides: required(
    priceOverrideList,
    [],
    { variable: 'BEDROCK_PRICE_OVERRIDES', defaultText: 'none' },
    'Prices in place of those of the built-in list: by model and, where wanted, geography, region and dates.',
  ),
  unknownPrice: required(
    choice(...unknownPricePolicies),
    'assume',
    { variable: 'BEDROCK_UNKNOWN_PRICE' },
    'A model without a known price is priced as the dearest of its family, marked estimated (assume), or not called (refuse).',
  ),
  budgets: required(
    budgetList,
    [],
    { variable: 'BEDROCK_BUDGETS', defaultText: 'none' },
    'Further budgets by scope and period, hard or soft, in USD, tokens or calls; see docs/budgets.md.',
  ),
  budgetTimeZone: required(
    timeZone,
    'UTC',
    { variable: 'BEDROCK_BUDGET_TIME_ZONE' },
    'Time zone in which days, weeks and months of budgets begin, when the budget does not name its own.',
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

const toolset = choice('core', 'sessions', 'ops', 'retrieval', 'kairos');

const server = z.strictObject({
  transport: required(choice('stdio', 'http'), 'stdio', { variable: 'BEDROCK_TRANSPORT' }, 'How clients connect.'),
  host: required(
    host,
    '127.0.0.1',
    { variable: 'BEDROCK_HTTP_HOST' },
    'Address to listen on, transport http; one that other machines reach needs authentication.',
  ),
  port: required(wholeNumber(0, 65_535), 8_765, { variable: 'BEDROCK_HTTP_PORT' }, 'Port; 0 takes a free one.'),
  allowedHosts: required(
    list(text('a host name, with or without a port', /^[\w.:[\]-]{1,255}$/)),
    [],
    { variable: 'BEDROCK_ALLOWED_HOSTS' },
    'Host headers accepted beside those of the loopback interface.',
  ),
  allowedOrigins: required(
    list(text('an origin such as https://app.example', /^https?:\/\/[\w.:[\]-]{1,255}$/)),
    [],
    { variable: 'BEDROCK_ALLOWED_ORIGINS' },
    'Origins of web pages that may call this server.',
  ),
  toolsets: required(
    list(toolset),
    ['core', 'sessions'],
    { variable: 'BEDROCK_TOOLSETS' },
    'Groups of tools that are offered.',
  ),
  readOnly: required(flag, false, { variable: 'BEDROCK_READ_ONLY' }, 'Hides the tools that spend money.'),
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
