import { describe, expect, it } from '@jest/globals';
import { budgetDefinitions } from '../../src/config/budget-settings.js';
import { describeProblem } from '../../src/config/setting-problems.js';
import { loadSettings } from '../../src/config/settings.js';

const load = (budgets: unknown, env: Record<string, string> = {}) =>
  loadSettings({
    env: {
      HOME: '/home/ada',
      BEDROCK_BUDGETS: typeof budgets === 'string' ? budgets : JSON.stringify(budgets),
      ...env,
    },
    readFile: () => Promise.reject(new Error('no file')),
  });
const definitionsOf = async (budgets: unknown, env: Record<string, string> = {}) => {
  const loaded = await load(budgets, env);
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems));
  return budgetDefinitions(loaded.settings.cost);
};

describe('BEDROCK_BUDGETS', () => {
  it('completes what is left out', async () => {
    const [day, team] = await definitionsOf([{ name: 'team', scope: 'tag:team=blue', per: 'month', limit_usd: 0.29 }]);
    expect(day).toMatchObject({ name: 'day', scope: { kind: 'server' }, period: 'day', timeZone: 'UTC' });
    expect(day?.limit).toBeUndefined();
    expect(team).toEqual({
      name: 'team',
      scope: { kind: 'tag', name: 'team', value: 'blue' },
      period: 'month',
      timeZone: 'UTC',
      unit: 'usd',
      limit: 290_000_000,
      hard: true,
      onStoreLoss: 'closed',
      slicePercent: 1,
      alertAt: [80, 100],
    });
  });

  it.each([
    ['server', { kind: 'server' }],
    ['caller', { kind: 'caller' }],
    ['caller:alice', { kind: 'caller', value: 'alice' }],
    ['session', { kind: 'session' }],
    ['model:amazon.nova-lite-v1:0', { kind: 'model', value: 'amazon.nova-lite-v1:0' }],
    ['provider:anthropic', { kind: 'provider', value: 'anthropic' }],
    ['tag:team', { kind: 'tag', name: 'team' }],
    ['tag:team=blue', { kind: 'tag', name: 'team', value: 'blue' }],
    ['group:research', { kind: 'tag', name: 'group:research', value: 'yes' }],
  ])('knows the scope %s', async (scope, expected) => {
    const [, budget] = await definitionsOf([{ name: 'x', scope, per: 'hour', limit_calls: 1 }]);
    expect(budget?.scope).toEqual(expected);
  });

  it('takes the time zone and the simple daily limit along', async () => {
    const definitions = await definitionsOf(
      [
        { name: 'a', per: 'week', limit_tokens: 5, kind: 'soft', alert_at: [100, 50, 50] },
        { name: 'b', callers: ['x', 'y'], per: 'day', time_zone: 'Asia/Tokyo', limit_calls: 5, on_store_loss: 'slice' },
      ],
      {
        BEDROCK_BUDGET_TIME_ZONE: 'Europe/Berlin',
        BEDROCK_DAILY_COST_LIMIT: '2.5',
        BEDROCK_COST_ALERT_THRESHOLD: '1',
      },
    );
    expect(definitions).toMatchObject([
      { name: 'day', limit: 2_500_000_000, alertAbove: 1_000_000_000, timeZone: 'Europe/Berlin' },
      { name: 'a', unit: 'tokens', hard: false, onStoreLoss: 'open', alertAt: [50, 100], timeZone: 'Europe/Berlin' },
      { name: 'b', scope: { kind: 'group', callers: ['x', 'y'] }, onStoreLoss: 'slice', timeZone: 'Asia/Tokyo' },
    ]);
  });

  const fine = { name: 'x', per: 'day', limit_usd: 1 };
  it.each([
    ['{"name"', 'must be a JSON list of budgets'],
    [[{ ...fine, per: 'year' }], '`[0].per`: '],
    [[fine, { ...fine, name: 'y', scope: 'team:blue' }], '`[1].scope`: must be server, group:NAME'],
    [[{ ...fine, limit_tokens: 5 }], '`[0]`: needs exactly one of limit_usd, limit_tokens and limit_calls'],
    [[{ name: 'x', per: 'day' }], '`[0]`: needs exactly one of'],
    [[{ ...fine, limit_usd: -1 }], '`[0].limit_usd`: '],
    [[{ name: 'x', per: 'day', limit_calls: 1.5 }], '`[0].limit_calls`: '],
    [[{ ...fine, limit_eur: 5 }], '`[0]`: Unrecognized key: "limit_eur"'],
    [[{ ...fine, time_zone: 'Europe/Atlantis' }], '`[0].time_zone`: is no time zone'],
    [[{ ...fine, name: 'a b' }], '`[0].name`: must be 1 to 40 letters'],
    [[{ ...fine, on_store_loss: 'ignore' }], '`[0].on_store_loss`: '],
    [[fine, fine], 'different names'],
    [[{ ...fine, callers: ['a'], scope: 'caller' }], '`[0]`: has `callers`'],
  ])('refuses %j and says what is wrong where', async (budgets, told) => {
    const loaded = await load(budgets);
    if (loaded.ok) throw new Error('it was taken');
    expect(loaded.problems).toHaveLength(1);
    expect(describeProblem(loaded.problems[0]!)).toContain('BEDROCK_BUDGETS');
    expect(describeProblem(loaded.problems[0]!)).toContain(told);
  });

  it('refuses a time zone that there is not', async () => {
    const loaded = await load([], { BEDROCK_BUDGET_TIME_ZONE: 'Mars/Olympus' });
    expect(loaded.ok ? [] : loaded.problems.map(({ variable }) => variable)).toEqual(['BEDROCK_BUDGET_TIME_ZONE']);
  });
});
