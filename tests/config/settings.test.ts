import { describe, expect, it } from '@jest/globals';
import { printableSettings, secretsOf } from '../../src/config/mask.js';
import { describeProblem } from '../../src/config/setting-problems.js';
import { settingTable } from '../../src/config/setting-table.js';
import { type LoadOptions, loadSettings, type Settings } from '../../src/config/settings.js';

const noFile = () => Promise.reject(new Error('no file expected'));

function load(env: Record<string, string>, options: Partial<LoadOptions> = {}) {
  return loadSettings({ env: { HOME: '/home/ada', ...env }, readFile: noFile, platform: 'linux', ...options });
}

async function settingsOf(env: Record<string, string>, options: Partial<LoadOptions> = {}): Promise<Settings> {
  const result = await load(env, options);
  if (!result.ok) throw new Error(result.problems.map(describeProblem).join('\n'));
  return result.settings;
}

async function problemsOf(env: Record<string, string>, options: Partial<LoadOptions> = {}): Promise<string[]> {
  const result = await load(env, options);
  return result.ok ? [] : result.problems.map(describeProblem);
}

const withFile = (content: string): Partial<LoadOptions> => ({ readFile: () => Promise.resolve(content) });

describe('settings from the environment', () => {
  it('has a default for everything', async () => {
    const settings = await settingsOf({});
    expect(settings.aws).toMatchObject({ region: 'us-east-1', regions: ['us-east-1'], tlsMinVersion: 'TLSv1.3' });
    expect(settings.limits.firstTokenTimeoutMs).toBe(5_000);
    expect(settings.cache.ttlSeconds).toBe(300);
    expect(settings.server).toMatchObject({ transport: 'stdio', host: '127.0.0.1', port: 8_765 });
    expect(settings.server.toolsets).toEqual(['core', 'sessions']);
    expect(settings.storage.dataDir).toBe('/home/ada/.local/share/kairos-bedrock-mcp');
    expect(settings.sandbox).toBe(false);
    expect(settings.cost).toEqual({ budgets: [], budgetTimeZone: 'UTC', priceOverrides: [], unknownPrice: 'assume' });
  });

  it.each<[Record<string, string>, (settings: Settings) => unknown, unknown]>([
    [{ BEDROCK_REQUEST_TIMEOUT: '2.5' }, (s) => s.limits.requestTimeoutMs, 2_500],
    [{ BEDROCK_READ_ONLY: 'TRUE' }, (s) => s.server.readOnly, true],
    [{ BEDROCK_SANDBOX: '1' }, (s) => s.sandbox, true],
    [{ BEDROCK_METRICS_ENABLED: '0' }, (s) => s.metricsEnabled, false],
    [{ BEDROCK_FALLBACK_MODELS: 'nova, claude-haiku,' }, (s) => s.models.fallbacks, ['nova', 'claude-haiku']],
    [{ BEDROCK_TASK_ROUTES: '{"code":["claude"]}' }, (s) => s.models.taskRoutes, { code: ['claude'] }],
    [{ BEDROCK_DAILY_COST_LIMIT: '12.50' }, (s) => s.cost.dailyLimitUsd, 12.5],
    [{ BEDROCK_CACHE_TTL: '' }, (s) => s.cache.ttlSeconds, 300],
    [{ AWS_ENDPOINT_URL: 'http://127.0.0.1:9' }, (s) => s.aws.endpointControl, 'http://127.0.0.1:9'],
    [{ BEDROCK_DATA_DIR: '~/ledger' }, (s) => s.storage.dataDir, '/home/ada/ledger'],
    [{ XDG_DATA_HOME: '/data' }, (s) => s.storage.dataDir, '/data/kairos-bedrock-mcp'],
    [{ BEDROCK_LANGFUSE_ENABLED: 'false' }, (s) => s.sandbox, false],
    [{ BEDROCK_ENVIRONMENT: 'development' }, (s) => s.logging.format, 'pretty'],
    [{ BEDROCK_ENVIRONMENT: 'development', BEDROCK_LOG_FORMAT: 'json' }, (s) => s.logging.format, 'json'],
    [{ BEDROCK_ENVIRONMENT: 'staging' }, (s) => s.logging.level, 'debug'],
  ])('%j', async (env, pick, expected) => {
    expect(pick(await settingsOf(env))).toEqual(expected);
  });

  it.each<[Record<string, string>, string[]]>([
    [{ AWS_DEFAULT_REGION: 'eu-west-1' }, ['eu-west-1']],
    [{ AWS_DEFAULT_REGION: 'eu-west-1', AWS_REGION: 'us-west-2' }, ['us-west-2']],
    [{ AWS_REGION: 'us-west-2', AWS_BEDROCK_REGION: 'us-gov-west-1' }, ['us-gov-west-1']],
    [{ AWS_BEDROCK_REGION: 'eusc-de-east-1' }, ['eusc-de-east-1']],
    [{ BEDROCK_REGIONS: 'eu-west-1,eu-north-1' }, ['eu-west-1', 'eu-north-1']],
    [{ BEDROCK_REGIONS: 'eu-west-1,eu-north-1', AWS_REGION: 'us-east-1' }, ['eu-west-1', 'eu-north-1']],
    [{ BEDROCK_REGIONS: 'eu-west-1,eu-north-1', AWS_BEDROCK_REGION: 'eu-north-1' }, ['eu-north-1', 'eu-west-1']],
  ])('regions of %j', async (env, regions) => {
    const { aws } = await settingsOf(env);
    expect(aws.regions).toEqual(regions);
    expect(aws.region).toBe(regions[0]);
  });
});

describe('wrong settings', () => {
  it.each<[Record<string, string>, string]>([
    [{ BEDROCK_CACHE_TTL: 'NaN' }, 'BEDROCK_CACHE_TTL is "NaN", must be a whole number from 0 to 86400.'],
    [{ BEDROCK_CACHE_TTL: '-1' }, 'BEDROCK_CACHE_TTL is "-1", must be a whole number from 0 to 86400.'],
    [{ BEDROCK_CACHE_TTL: '1e999' }, 'BEDROCK_CACHE_TTL is "1e999", must be'],
    [{ BEDROCK_CACHE_TTL: '0x10' }, 'BEDROCK_CACHE_TTL is "0x10", must be'],
    [{ BEDROCK_REQUEST_TIMEOUT: '99999999999' }, 'must be seconds, from 1 to 3600.'],
    [{ BEDROCK_DAILY_COST_LIMIT: '0' }, 'BEDROCK_DAILY_COST_LIMIT is "0", must be an amount in USD'],
    [{ BEDROCK_READ_ONLY: 'yes' }, 'BEDROCK_READ_ONLY is "yes", must be true or false.'],
    [{ AWS_REGION: 'useast1' }, 'AWS_REGION is "useast1", must be an AWS region such as us-east-1.'],
    [{ BEDROCK_REGIONS: 'us-east-1,moon' }, 'BEDROCK_REGIONS is "us-east-1,moon", must be a comma-separated list'],
    [{ BEDROCK_TASK_ROUTES: '{"poetry":["x"]}' }, 'BEDROCK_TASK_ROUTES is'],
    [{ BEDROCK_TASK_ROUTES: '{' }, 'BEDROCK_TASK_ROUTES is "{", must be JSON'],
    [{ BEDROCK_HTTP_HOST: '0.0.0.0' }, 'needs BEDROCK_API_KEYS_FILE or BEDROCK_OIDC_ISSUER'],
    [{ BEDROCK_OIDC_ISSUER: 'https://id.example' }, 'BEDROCK_OIDC_AUDIENCE is missing'],
    [{ BEDROCK_OIDC_ISSUER: 'http://id.example', BEDROCK_OIDC_AUDIENCE: 'x' }, 'must start with https'],
    [{ BEDROCK_TOOLSETS: 'core,nothing' }, 'each one of core, sessions'],
    [{ BEDROCK_ENVIRONMENT: 'prod' }, 'must be one of development, staging, production.'],
    [{ BEDROCK_REDIS_URL: 'http://x' }, 'BEDROCK_REDIS_URL must be a URL that starts with redis:// or rediss://.'],
    [{ BEDROCK_CASHE_TTL: '5' }, 'BEDROCK_CASHE_TTL is not a known setting. Did you mean BEDROCK_CACHE_TTL?'],
    [{ AWS_BEDROCK_REGON: 'x' }, 'Did you mean AWS_BEDROCK_REGION?'],
    [{ bedrock_sandbox: 'true' }, 'bedrock_sandbox is not a known setting. Did you mean BEDROCK_SANDBOX?'],
    [{ BEDROCK_XYZZY_FROBNICATE_QUUX: '1' }, 'BEDROCK_XYZZY_FROBNICATE_QUUX is not a known setting.'],
    [{ BEDROCK_LANGFUSE_ENABLED: 'true' }, 'BEDROCK_LANGFUSE_ENABLED is not supported by this version; remove it.'],
    [{ BEDROCK_WEBHOOK_URL: 'ftp://x' }, 'BEDROCK_WEBHOOK_URL must be a URL that starts with https:// or http://.'],
    [{ BEDROCK_WEBHOOK_URL: 'http://x' }, 'BEDROCK_WEBHOOK_URL must start with https://'],
    [{ BEDROCK_WEBHOOK_URL: 'https://me@x' }, 'BEDROCK_WEBHOOK_URL has a user or password'],
    [{ BEDROCK_WEBHOOK_SECRET: `whsec_${'A'.repeat(43)}=` }, 'BEDROCK_WEBHOOK_SECRET needs BEDROCK_WEBHOOK_URL'],
    [
      { BEDROCK_WEBHOOK_URL: 'https://x', BEDROCK_WEBHOOK_SECRET: 'short' },
      'must be a comma-separated list, each a Standard',
    ],
    [
      { BEDROCK_WEBHOOK_URL: 'https://x', BEDROCK_WEBHOOK_FORMAT: 'pagerduty' },
      'BEDROCK_WEBHOOK_ROUTING_KEY is missing',
    ],
    [{ BEDROCK_WEBHOOK_ALLOWED_NETWORKS: '10.0.0.1' }, 'each a network such as 10.0.0.0/8'],
    [{ BEDROCK_ALERTS: 'everything' }, 'each one of budgets, spend_rate'],
    [{ AWS_BEDROCK_ACCESS_KEY_ID: 'AKIAIOSFODNN7EXAMPLE' }, 'AWS_BEDROCK_SECRET_ACCESS_KEY is missing'],
    [{ AWS_BEDROCK_SECRET_ACCESS_KEY: 'x' }, 'AWS_BEDROCK_ACCESS_KEY_ID is missing'],
    [{ AWS_BEDROCK_SESSION_TOKEN: 'x' }, 'AWS_BEDROCK_SESSION_TOKEN needs AWS_BEDROCK_ACCESS_KEY_ID'],
    [{ AWS_BEDROCK_REGION: 'us-east-1', BEDROCK_REGIONS: 'eu-west-1' }, 'must be one of BEDROCK_REGIONS'],
    [{ BEDROCK_DAILY_COST_LIMIT: '5', BEDROCK_COST_ALERT_THRESHOLD: '6' }, 'could never be reached'],
  ])('%j', async (env, message) => {
    const problems = await problemsOf(env);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain(message);
  });

  it('reports all of them at once', async () => {
    expect(await problemsOf({ BEDROCK_CACHE_TTL: 'x', BEDROCK_LOG_LEVEL: 'loud', BEDROCK_FOO: '1' })).toHaveLength(3);
  });

  it('never repeats a secret', async () => {
    const secret = 'not a valid key: hunter2';
    const problems = await problemsOf({
      AWS_BEDROCK_ACCESS_KEY_ID: secret,
      AWS_BEDROCK_SECRET_ACCESS_KEY: secret,
      AWS_BEARER_TOKEN_BEDROCK: secret,
      BEDROCK_REDIS_URL: 'hunter2',
      BEDROCK_ENCRYPTION_KEY: 'hunter2',
    });
    expect(problems).toHaveLength(5);
    expect(problems.join()).not.toContain('hunter2');
  });
});

describe('settings from a file', () => {
  const file = { BEDROCK_CONFIG_FILE: '/etc/bedrock.yaml' };

  it.each([
    'BEDROCK_CACHE_TTL: 60\nBEDROCK_READ_ONLY: true\nBEDROCK_FALLBACK_MODELS: [nova]\nBEDROCK_TASK_ROUTES: { code: [nova] }',
    '{"BEDROCK_CACHE_TTL":60,"BEDROCK_READ_ONLY":true,"BEDROCK_FALLBACK_MODELS":["nova"],"BEDROCK_TASK_ROUTES":{"code":["nova"]}}',
  ])('reads %s', async (content) => {
    const settings = await settingsOf(file, withFile(content));
    expect(settings.cache.ttlSeconds).toBe(60);
    expect(settings.server.readOnly).toBe(true);
    expect(settings.models).toMatchObject({ fallbacks: ['nova'], taskRoutes: { code: ['nova'] } });
  });

  it('is below command line and environment, and above the ambient AWS_REGION', async () => {
    const content =
      'BEDROCK_CACHE_TTL: 60\nBEDROCK_HTTP_PORT: 1\nAWS_BEDROCK_REGION: eu-west-1\nBEDROCK_LOG_LEVEL: warn';
    const result = await load(
      {
        ...file,
        BEDROCK_CACHE_TTL: '70',
        BEDROCK_HTTP_PORT: '2',
        AWS_REGION: 'us-west-2',
        AWS_ENDPOINT_URL: 'http://x',
      },
      { ...withFile(content), overrides: { BEDROCK_HTTP_PORT: '3' } },
    );
    if (!result.ok) throw new Error('not loaded');
    expect(result.settings.cache.ttlSeconds).toBe(70);
    expect(result.settings.server.port).toBe(3);
    expect(result.settings.aws.region).toBe('eu-west-1');
    expect(result.sources).toMatchObject({
      BEDROCK_CACHE_TTL: 'environment',
      BEDROCK_HTTP_PORT: 'command line',
      AWS_BEDROCK_REGION: 'file',
      BEDROCK_LOG_LEVEL: 'file',
      AWS_ENDPOINT_URL_BEDROCK: 'AWS_ENDPOINT_URL',
      BEDROCK_SANDBOX: 'default',
    });
  });

  it.each([
    ['BEDROCK_CACHE_TLL: 1', 'BEDROCK_CACHE_TLL is not a known setting. Did you mean BEDROCK_CACHE_TTL?'],
    ['cacheTtl: 1', 'cacheTtl is not a known setting.'],
    ['BEDROCK_CONFIG_FILE: x', 'BEDROCK_CONFIG_FILE is not a known setting'],
    ['BEDROCK_CACHE_TTL: [1]', 'BEDROCK_CACHE_TTL is [1], must be a whole number'],
    ['BEDROCK_CACHE_TTL: .nan', 'BEDROCK_CACHE_TTL is null, must be a whole number'],
    ['BEDROCK_RETENTION_DAYS: 7', 'is not supported by this version'],
    ['- a', 'does not hold keys and values'],
    ['a: [', 'is not valid YAML or JSON'],
    ['a: &a [x]\nb: &b [*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b]\nd: [*c,*c,*c,*c,*c,*c]', 'aliases'],
    ['x'.repeat(1_000_001), 'more than 1,000,000 characters'],
  ])('refuses %.60s', async (content, message) => {
    const problems = await problemsOf(file, withFile(content));
    expect(problems.join('\n')).toContain(message);
  });

  it('takes an empty file for no settings and refuses one that is not there', async () => {
    expect((await settingsOf(file, withFile('# nothing yet\n'))).cache.ttlSeconds).toBe(300);
    expect(await problemsOf(file)).toEqual([
      'BEDROCK_CONFIG_FILE names a file that cannot be read: "/etc/bedrock.yaml".',
    ]);
  });
});

describe('printing', () => {
  const env = {
    AWS_BEDROCK_ACCESS_KEY_ID: 'AKIAIOSFODNN7EXAMPLE',
    AWS_BEDROCK_SECRET_ACCESS_KEY: 'very-secret-key',
    BEDROCK_REDIS_URL: 'redis://lovelace:s3%20cret@cache:6379',
    BEDROCK_TASK_ROUTES: '{"code":["nova"]}',
  };

  it('masks secrets and shows units as they are given', async () => {
    const result = await load(env);
    if (!result.ok) throw new Error('not loaded');
    const shown = printableSettings(result.settings, result.sources);
    const text = JSON.stringify(shown);
    for (const secret of ['AKIAIOSFODNN7EXAMPLE', 'very-secret-key', 's3%20cret', 's3 cret', 'lovelace']) {
      expect(text).not.toContain(secret);
    }
    const value = (name: string) => shown.find((row) => row.variable === name)?.value;
    expect(value('BEDROCK_REDIS_URL')).toContain('cache:6379');
    expect(value('BEDROCK_REQUEST_TIMEOUT')).toBe('120');
    expect(value('BEDROCK_TASK_ROUTES')).toBe('{"code":["nova"]}');
    expect(value('BEDROCK_DEFAULT_MODEL')).toBeUndefined();
    expect(shown).toHaveLength(settingTable.length);
  });

  it('names every secret for the redactor, URL passwords in both spellings', async () => {
    expect(secretsOf(await settingsOf(env))).toEqual([
      'AKIAIOSFODNN7EXAMPLE',
      'very-secret-key',
      's3%20cret',
      's3 cret',
    ]);
    expect(secretsOf(await settingsOf({ BEDROCK_REDIS_URL: 'redis://cache' }))).toEqual([]);
  });
});

describe('the table', () => {
  it('names each variable once, with a description and a form', () => {
    const variables = settingTable.map((definition) => definition.variable);
    expect(new Set(variables).size).toBe(variables.length);
    for (const { description, form } of settingTable) expect([description, form]).not.toContain('');
  });
});
