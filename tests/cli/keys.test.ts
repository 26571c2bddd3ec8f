import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { systemClock } from '../../src/core/clock.js';
import { createKeyAdministration } from '../../src/server/auth/key-administration.js';
import { fakeClock } from '../support/fake-clock.js';
import { run } from './fake-command-line.js';

/* `keys` as an operator types it, over a true file of keys. */

let directory: string;
let file: string;
const clock = fakeClock({ startMs: Date.UTC(2026, 10, 25) });

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'keys-command-'));
  file = join(directory, 'keys.json');
});
afterEach(() => rm(directory, { recursive: true }));

const keys = (line: string, given: Parameters<typeof run>[1] = {}) =>
  run(['keys', ...line.split(' ')], { apiKeys: () => createKeyAdministration({ file, clock }), clock, ...given });
const kept = async () => (JSON.parse(await readFile(file, 'utf8')) as { keys: object[] }).keys;

describe('keys add', () => {
  it('shows the key once, on its own line, and keeps its hash in a file of the owner', async () => {
    const { exitCode, out, err } = await keys('add ci');
    expect(exitCode).toBe(0);
    expect(out).toMatch(/^kbm_[\w-]{43}\n$/);
    expect(err).toContain('Keep it now');
    expect(await readFile(file, 'utf8')).not.toContain(out.trim());
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    for (const later of ['list', 'list --json']) expect((await keys(later)).out).not.toContain(out.trim());
    expect(await kept()).toEqual([
      {
        name: 'ci',
        sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
        scopes: ['read', 'invoke'],
        created_at: '2026-11-25T00:00:00.000Z',
      },
    ]);
  });

  it('takes scopes, tenant, groups, models, budgets and an end', async () => {
    const flags =
      '--scopes read,admin --tenant team --groups blue,red --models nova-lite,claude --daily-budget 2.5 --monthly-budget 40 --expires 90d';
    const { exitCode, out } = await keys(`add ops ${flags} --json`);
    expect(exitCode).toBe(0);
    expect(JSON.parse(out)).toEqual({ name: 'ops', key: expect.stringMatching(/^kbm_/) });
    expect(await kept()).toMatchObject([
      {
        scopes: ['read', 'admin'],
        tenant: 'team',
        groups: ['blue', 'red'],
        allowed_models: ['nova-lite', 'claude'],
        daily_usd: 2.5,
        monthly_usd: 40,
        expires_at: '2027-02-23T00:00:00.000Z',
      },
    ]);
  });

  it.each([
    ['add x --scopes all', '--scopes takes read, invoke, admin; "all" is none of them.'],
    ['add x --daily-budget lots', '--daily-budget takes an amount in USD above 0; "lots" is none.'],
    ['add x --daily-budget 0', '"0" is none.'],
    ['add x --monthly-budget -1', '"-1" is none.'],
    ['add x --expires 2020-01-01', '--expires takes a date to come or days such as 90d; "2020-01-01" is neither.'],
    ['add x --expires soon', '"soon" is neither.'],
    ['add x --expires 0d', '"0d" is neither.'],
    ['add', "missing required argument 'name'"],
    ['revoke', "missing required argument 'name'"],
    ['ad x', 'Did you mean'],
  ])('%s exits 2, says why and changes nothing', async (line, message) => {
    const { exitCode, err, out } = await keys(line);
    expect(err).toContain(message);
    expect({ exitCode, out }).toEqual({ exitCode: 2, out: '' });
    await expect(stat(file)).rejects.toThrow('ENOENT');
  });

  it.each([
    ['add ci', 'There is a key named ci already.'],
    ['add bad!name', 'name: invalid_format'],
    ['add none --scopes ,', 'scopes: too_small'],
    ['revoke nobody', 'There is no key named "nobody".'],
  ])('%s fails with what to do, and the keys stay', async (line, message) => {
    await keys('add ci');
    const before = await readFile(file, 'utf8');
    const { exitCode, err } = await keys(line);
    expect(err).toContain(message);
    expect(exitCode).not.toBe(0);
    expect(await readFile(file, 'utf8')).toBe(before);
  });

  it('needs a file to be named', async () => {
    const { exitCode, err } = await run(['keys', 'add', 'x']);
    expect(exitCode).not.toBe(0);
    expect(err).toContain('BEDROCK_API_KEYS_FILE is not set.');
  });

  it('loses no key when several run at once', async () => {
    const apiKeys = () => createKeyAdministration({ file, clock: systemClock });
    const runs = await Promise.all(['a', 'b', 'c', 'd', 'e'].map((name) => keys(`add ${name}`, { apiKeys })));
    expect(runs.map(({ exitCode }) => exitCode)).toEqual([0, 0, 0, 0, 0]);
    expect(new Set(runs.map(({ out }) => out)).size).toBe(5);
    expect(await kept()).toHaveLength(5);
  });
});

describe('keys list and revoke', () => {
  it('show what a key opens, and take it back', async () => {
    await keys('add ci --models nova-lite --daily-budget 2 --expires 1d');
    await keys('add ops --scopes admin --tenant team');
    const { out } = await keys('list');
    expect(out).toMatch(/ci +.*read,invoke +.*\(own\).*nova-lite.*2.*2026-11-26/);
    expect(out).toMatch(/ops +.*admin.*team.*all.*no limit.*never/);
    expect(JSON.parse((await keys('list --json')).out)).toMatchObject([{ name: 'ci' }, { name: 'ops' }]);
    expect((await keys('list --json')).out).not.toContain('sha256');
    const dayLater = fakeClock({ startMs: Date.UTC(2026, 10, 26, 1) });
    expect((await keys('list', { clock: dayLater })).out).toMatch(/ci .*expired/);
    expect((await keys('revoke ci')).out).toBe('Revoked: ci\n');
    expect(await kept()).toMatchObject([{ name: 'ops' }]);
  });

  it('list nothing where there is no file yet', async () => {
    expect(JSON.parse((await keys('list --json')).out)).toEqual([]);
  });
});
