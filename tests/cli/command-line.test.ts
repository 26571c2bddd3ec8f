import { describe, expect, it } from '@jest/globals';
import { nodeFinding } from '../../src/cli/commands/doctor.js';
import { ServiceError } from '../../src/core/errors.js';
import { run } from './fake-command-line.js';

const invalid = { loadSettings: () => Promise.resolve({ ok: false as const, problems: ['BEDROCK_X is wrong.'] }) };

describe('help, version and mistakes', () => {
  it('prints the version', async () => {
    expect(await run(['--version'])).toMatchObject({ exitCode: 0, out: '1.2.3\n' });
  });

  it('lists every command in the help', async () => {
    const { exitCode, out } = await run(['--help']);
    expect(exitCode).toBe(0);
    for (const name of ['serve', 'models', 'invoke', 'route', 'usage', 'doctor', 'config', 'iam-policy', 'sandbox'])
      expect(out).toContain(`  ${name}`);
  });

  it.each([
    [['invke', 'hello'], 'Did you mean `invoke`?'],
    [['invoke'], "missing required argument 'prompt'"],
    [['models', '--providr', 'x'], 'Did you mean --provider?'],
    [['usage', '--period', 'century'], '--period must be one of today'],
    [['usage', '--group-by', 'mood'], '--group-by must be one of model'],
    [['invoke', 'x', '--max-tokens', 'many'], '"many" is not a number.'],
    [['invoke', 'x', '--max-tokens', '-5'], 'max_tokens'],
    [['invoke', 'x', '--temperature', 'NaN'], '"NaN" is not a number.'],
    [['invoke', 'x', '--task', 'poetry'], 'task: Invalid'],
    [['invoke', '   '], '`prompt` is empty'],
    [['invoke', 'x', '--tag', 'nokey'], '--tag takes key=value'],
    [['sandbox', '--port', '99999'], '--port must be a whole number'],
    [['config', 'frobnicate'], "unknown command 'frobnicate'"],
  ])('%j exits 2 and says why', async (args, message) => {
    const { exitCode, err, asked } = await run(args);
    expect(err).toContain(message);
    expect(exitCode).toBe(2);
    expect(asked.filter(([what]) => what !== 'settings')).toEqual([]);
  });

  it.each([['serve'], ['models'], ['doctor'], ['config', 'check'], ['config', 'print']])(
    'wrong settings stop `%s` with exit code 2',
    async (...args) => {
      const { exitCode, err } = await run(args, invalid);
      expect(exitCode).toBe(2);
      expect(err).toContain('BEDROCK_X is wrong.');
    },
  );

  it('says what a service error means and closes the service', async () => {
    const failing = { createService: () => Promise.reject(new ServiceError('authentication', 'Keys refused.')) };
    const { exitCode, err, out } = await run(['models'], failing);
    expect(exitCode).toBe(1);
    expect(out).toBe('');
    expect(err).toContain('authentication: Keys refused.');
    expect(err).toContain('doctor');
  });

  it('shows nothing of a foreign error and hands it to the log', async () => {
    const thrown = new Error('secret path');
    const { exitCode, err, asked } = await run(['models'], { createService: () => Promise.reject(thrown) });
    expect(exitCode).toBe(1);
    expect(err).not.toContain('secret');
    expect(asked).toContainEqual(['unexpected', thrown]);
  });
});

describe('serve', () => {
  it.each([[[]], [['serve']]])('%j serves', async (args) => {
    const { exitCode, out, asked } = await run(args);
    expect(exitCode).toBe(0);
    expect(out).toBe('');
    expect(asked).toEqual([
      ['settings', {}],
      ['serve', 'the settings'],
    ]);
  });

  it('hands flags on as overrides', async () => {
    const { asked } = await run([
      '--transport',
      'http',
      '--port',
      '1',
      '--host',
      'localhost',
      '--sandbox',
      '--config',
      'f',
    ]);
    expect(asked[0]).toEqual([
      'settings',
      {
        BEDROCK_TRANSPORT: 'http',
        BEDROCK_HTTP_PORT: '1',
        BEDROCK_HTTP_HOST: 'localhost',
        BEDROCK_SANDBOX: 'true',
        BEDROCK_CONFIG_FILE: 'f',
      },
    ]);
  });
});

describe('invoke', () => {
  it('prints the answer to stdout and the rest to stderr', async () => {
    const { exitCode, out, err, asked } = await run(['invoke', 'hello']);
    expect(exitCode).toBe(0);
    expect(out).toBe('An \u001b[31manswer.\n');
    expect(err).toBe(
      'amazon.nova-lite-v1:0 in us-east-1 · from sandbox · 7 + 5 tokens · ≈ $0.000002 · 42 ms · stopped by max_tokens\n' +
        'note: A successor answered.\n',
    );
    expect(asked.map(([what]) => what)).toEqual(['settings', 'cli_invoke', 'close']);
  });

  it('builds the request from its flags and reads - from stdin', async () => {
    const flags =
      '--model nova --task code --optimize cost --system s --max-tokens 5 --temperature 0 --cache bypass --max-cost 0.5 --timeout 1.5 --tag a=b=c --tag d=e --no-fallback';
    const { asked } = await run(['invoke', '-', ...flags.split(' ')]);
    expect(asked[1]).toEqual([
      'cli_invoke',
      {
        messages: [{ role: 'user', content: 'from stdin' }],
        model: 'nova',
        task: 'code',
        optimize: 'cost',
        system: 's',
        max_tokens: 5,
        temperature: 0,
        cache: 'bypass',
        max_cost_usd: 0.5,
        timeout_ms: 1_500,
        tags: { a: 'b=c', d: 'e' },
        fallback: false,
      },
    ]);
  });

  it('prints JSON under the names of the tool', async () => {
    const { out, err } = await run(['invoke', 'x', '--json']);
    expect(err).toBe('');
    expect(JSON.parse(out)).toMatchObject({
      stop_reason: 'max_tokens',
      model: { used: 'amazon.nova-lite-v1:0', region: 'us-east-1' },
      usage: { input_tokens: 7, total_tokens: 12 },
      cost_usd: 0.0000015,
      source: 'sandbox',
      attempts: [{ model: 'amazon.nova-lite-v1:0', outcome: 'succeeded' }],
      request_id: 'r1',
    });
  });

  it('keeps what an answer could do to a terminal away from it, and colours only there', async () => {
    const onTerminal = await run(['invoke', 'x'], { isTTY: true });
    expect(onTerminal.out).toBe('An [31manswer.\n');
    expect(onTerminal.err).toContain('\u001b[2m');
    const plain = await run(['invoke', 'x'], { isTTY: true, env: { NO_COLOR: '1' } });
    expect(plain.err).not.toContain('\u001b');
  });
});

describe('the other commands', () => {
  it('route explains its choice', async () => {
    const { exitCode, out, err } = await run(['route', 'write code']);
    expect(exitCode).toBe(0);
    for (const part of [
      'code (91 %), simple, optimised for cost',
      'code words',
      '$0.000001',
      '250 ms',
      'unhealthy',
      'eu-west-1',
    ])
      expect(out).toContain(part);
    expect(err).toContain('A notice.');
    const json = JSON.parse((await run(['route', 'x', '--json'])).out);
    expect(json).toMatchObject({
      chosen: 'amazon.nova-lite-v1:0',
      candidates: [{ estimated_cost_usd: 0.000001, expected_latency_ms: 250.2 }, { rank: 2 }],
      decision_us: 12,
    });
  });

  it('models filters and lists', async () => {
    const { out, asked } = await run(['models', 'nova', '--provider', 'Amazon']);
    expect(asked[1]).toEqual(['models', { model: 'nova', provider: 'Amazon' }]);
    for (const part of ['300,000', '≈ 0.06/0.24', 'us-east-1', 'end of life']) expect(out).toContain(part);
    expect(JSON.parse((await run(['models', '--json'])).out)).toMatchObject([
      { price: { input_usd_per_million: 0.06 } },
      { refusal: 'end of life' },
    ]);
  });

  it.each([
    ['today', '2026-11-23T00:00', '2026-11-24T00:00'],
    ['yesterday', '2026-11-22T00:00', '2026-11-23T00:00'],
    ['last_7_days', '2026-11-17T00:00', '2026-11-24T00:00'],
    ['this_week', '2026-11-23T00:00', '2026-11-30T00:00'],
    ['last_30_days', '2026-10-25T00:00', '2026-11-24T00:00'],
    ['this_month', '2026-11-01T00:00', '2026-12-01T00:00'],
  ])('usage of %s asks from %s to %s', async (period, from, to) => {
    const { asked } = await run(['usage', '--period', period, '--group-by', 'task']);
    expect(asked[1]).toEqual([
      'usage',
      { fromMs: Date.parse(`${from}Z`), toMs: Date.parse(`${to}Z`), groupBy: 'task' },
    ]);
  });

  it('usage shows a table with bars, totals, forecast and budgets', async () => {
    const { out } = await run(['usage']);
    for (const part of [
      'amazon.nova-lite-v1:0',
      '$0.002500',
      '█'.repeat(24),
      '(none)',
      'today: 3 calls, $0.002500, $0.001000 saved',
      '$3.00 for the whole',
      'of $5.00 (open)',
      'of no limit',
    ])
      expect(out).toContain(part);
    expect(JSON.parse((await run(['usage', '--json'])).out)).toMatchObject({
      totals: { cost_usd: 0.0025 },
      budgets: [{ limit_usd: 5 }, { scope: 'other' }],
      forecast_usd: 3,
    });
  });

  it.each([
    ['healthy', 0],
    ['degraded', 0],
    ['unhealthy', 1],
  ] as const)('doctor on a %s service exits %d with checks and remedies', async (health, exitCode) => {
    const result = await run(['doctor'], { health });
    expect(result.exitCode).toBe(exitCode);
    for (const part of [
      'credentials  Checked.',
      'Do this.',
      `Node.js ${process.versions.node}`,
      'data_dir',
      'BEDROCK_DATA_DIR',
    ])
      expect(result.out).toContain(part);
    expect(result.out).not.toContain('BEDROCK_REDIS_URL');
    expect(result.asked).toContainEqual(['health', true]);
    const json = JSON.parse((await run(['doctor', '--json'], { health })).out);
    expect(json).toMatchObject({
      healthy: exitCode === 0,
      checks: [{ name: 'node' }, { name: 'data_dir' }, { name: 'credentials' }],
    });
  });

  it.each([
    [`${process.cwd()}/new/deeper`, 0],
    [`${process.cwd()}/package.json/below`, 1],
  ])('doctor on data directory %s exits %d', async (value, exitCode) => {
    const shown = [{ variable: 'BEDROCK_DATA_DIR', value, source: 'environment' }];
    const result = await run(['doctor'], { loadSettings: () => Promise.resolve({ ok: true, settings: '', shown }) });
    expect(result.exitCode).toBe(exitCode);
  });

  it.each([
    ['20.19.0', 'healthy'],
    ['24.1.0', 'healthy'],
    ['20.18.9', 'unhealthy'],
    ['18.20.0', 'unhealthy'],
  ])('Node.js %s is %s', (version, status) => {
    expect(nodeFinding(version).status).toBe(status);
  });

  it('config check says so, config print shows values and sources', async () => {
    expect((await run(['config', 'check'])).out).toContain('valid');
    const { out } = await run(['config', 'print']);
    expect(out).toMatch(/BEDROCK_REDIS_URL\s+\(not set\)\s+default/);
    expect(JSON.parse((await run(['config', 'print', '--json'])).out)).toMatchObject({
      BEDROCK_REDIS_URL: { value: null, source: 'default' },
    });
  });

  it('sandbox runs until it is told to stop', async () => {
    const stop = new AbortController();
    const running = run(['sandbox', '--port', '0'], { signal: stop.signal });
    setImmediate(() => stop.abort());
    const { exitCode, out, asked } = await running;
    expect(exitCode).toBe(0);
    expect(out).toBe('The sandbox listens at http://127.0.0.1:9\nexport AWS_REGION=us-east-1\n');
    expect(asked).toEqual([
      ['sandbox', { host: '127.0.0.1', port: 0 }],
      ['closed', undefined],
    ]);
    expect((await run(['sandbox'])).asked[0]).toEqual(['sandbox', { host: '127.0.0.1', port: 8_766 }]);
  });
});

describe('iam-policy', () => {
  const policy = (account: string) => ({
    Version: '2012-10-17',
    Statement: [{ Sid: 'Invoke', Resource: [account] }],
  });

  it('prints the policy alone, to be given to AWS as it is', async () => {
    expect(JSON.parse((await run(['iam-policy'])).out)).toEqual(policy('*'));
    expect(JSON.parse((await run(['iam-policy', '--account', '123456789012', '--json'])).out)).toEqual(
      policy('123456789012'),
    );
  });

  it('explains each statement when asked', async () => {
    const { out } = await run(['iam-policy', '--explain']);
    expect(out).toContain('To call models.');
    const both = JSON.parse((await run(['iam-policy', '--explain', '--json'])).out);
    expect(both).toEqual({ policy: policy('*'), reasons: { Invoke: 'To call models.' } });
  });

  it('refuses an account that is none', async () => {
    expect(await run(['iam-policy', '--account', '12'])).toMatchObject({ exitCode: 2, out: '' });
  });
});
