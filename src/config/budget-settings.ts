import { z } from 'zod';
import {
  type BudgetDefinition,
  type BudgetScope,
  budgetPeriods,
  groupScope,
  storeLossPolicies,
} from '../core/budget.js';
import { json } from './fields.js';

const nanoPerUsd = 1e9;
const mostBudgets = 100;
const mostCallers = 1_000;
/** Of the budget that BEDROCK_DAILY_COST_LIMIT sets. */
const dailyBudgetName = 'day';

function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}

const timeZoneName = z.string().min(1).max(64).refine(isTimeZone, 'is no time zone such as Europe/Berlin');

export const timeZone = { form: 'the name of a time zone, such as UTC or Europe/Berlin', schema: timeZoneName };

const scopeForm =
  'must be server, group:NAME, tag:NAME, tag:NAME=VALUE, or caller, session, model or provider, alone or with :VALUE';
const scope = z
  .string()
  .max(300)
  .transform((text, check): BudgetScope => {
    const parsed = parseScope(text);
    if (parsed) return parsed;
    check.addIssue({ code: 'custom', message: scopeForm });
    return z.NEVER;
  });

function parseScope(text: string): BudgetScope | undefined {
  if (text === 'server') return { kind: 'server' };
  const [, kind = '', value] = /^(caller|session|model|provider)(?::(\S.*))?$/.exec(text) ?? [];
  if (kind === 'caller' || kind === 'session' || kind === 'model' || kind === 'provider') {
    return { kind, ...(value !== undefined && { value }) };
  }
  const [, group] = /^group:([\w.:/-]{1,58})$/.exec(text) ?? [];
  if (group !== undefined) return groupScope(group);
  const [, name, wanted] = /^tag:([\w.:/-]{1,64})(?:=(.{1,128}))?$/.exec(text) ?? [];
  return name === undefined ? undefined : { kind: 'tag', name, ...(wanted !== undefined && { value: wanted }) };
}

const amount = z.number().positive();
const budget = z
  .strictObject({
    name: z.string().regex(/^[\w.-]{1,40}$/, 'must be 1 to 40 letters, digits or _ . -'),
    scope: scope.default({ kind: 'server' }),
    callers: z.array(z.string().min(1).max(256)).min(1).max(mostCallers).optional(),
    per: z.enum(budgetPeriods),
    time_zone: timeZoneName.optional(),
    limit_usd: amount.max(1_000_000).optional(),
    limit_tokens: z.int().positive().optional(),
    limit_calls: z.int().positive().optional(),
    kind: z.enum(['hard', 'soft']).default('hard'),
    on_store_loss: z.enum(storeLossPolicies).optional(),
    slice_percent: z.number().min(0.1).max(50).default(1),
    alert_at: z.array(z.number().positive().max(1_000)).max(20).default([80, 100]),
  })
  .refine(
    ({ limit_usd, limit_tokens, limit_calls }) =>
      [limit_usd, limit_tokens, limit_calls].filter((limit) => limit !== undefined).length === 1,
    'needs exactly one of limit_usd, limit_tokens and limit_calls',
  )
  .refine(
    ({ callers, scope: { kind } }) => callers === undefined || kind === 'server',
    'has `callers`, which stand in place of a scope',
  );
type GivenBudget = z.output<typeof budget>;

const example =
  '[{"name":"team","scope":"tag:team=blue","per":"month","limit_usd":50},{"name":"each","scope":"caller","per":"hour","limit_calls":100}]';

/** The budgets as they are given; `budgetDefinition` completes them. */
export const budgetList = json(
  `a JSON list of budgets with different names, such as ${example}`,
  z
    .array(budget)
    .max(mostBudgets)
    .refine((all) => new Set(all.map(({ name }) => name)).size === all.length, 'has two budgets of the same name')
    .refine(
      (all) => all.every(({ name }) => name !== dailyBudgetName),
      'has a budget named day, which is what BEDROCK_DAILY_COST_LIMIT is called',
    ),
);

function limitOf({ limit_usd, limit_tokens, limit_calls }: GivenBudget): Pick<BudgetDefinition, 'unit' | 'limit'> {
  if (limit_usd !== undefined) return { unit: 'usd', limit: Math.round(limit_usd * nanoPerUsd) };
  if (limit_tokens !== undefined) return { unit: 'tokens', limit: limit_tokens };
  return { unit: 'calls', ...(limit_calls !== undefined && { limit: limit_calls }) };
}

function budgetDefinition(given: GivenBudget, zone: string): BudgetDefinition {
  const hard = given.kind === 'hard';
  return {
    name: given.name,
    scope: given.callers ? { kind: 'group', callers: given.callers } : given.scope,
    period: given.per,
    timeZone: given.time_zone ?? zone,
    ...limitOf(given),
    hard,
    onStoreLoss: given.on_store_loss ?? (hard ? 'closed' : 'open'),
    slicePercent: given.slice_percent,
    alertAt: [...new Set(given.alert_at)].toSorted((left, right) => left - right),
  };
}

export interface CostSettings {
  readonly dailyLimitUsd?: number;
  readonly alertThresholdUsd?: number;
  readonly budgetTimeZone: string;
  readonly budgets: readonly GivenBudget[];
}

/** All budgets, the simple daily one first: it is there without a limit too, so that a day's spending is always told. */
export function budgetDefinitions(cost: CostSettings): readonly BudgetDefinition[] {
  const { dailyLimitUsd, alertThresholdUsd, budgetTimeZone, budgets } = cost;
  const nano = (usd: number): number => Math.round(usd * nanoPerUsd);
  const day: BudgetDefinition = {
    name: dailyBudgetName,
    scope: { kind: 'server' },
    period: 'day',
    timeZone: budgetTimeZone,
    unit: 'usd',
    ...(dailyLimitUsd !== undefined && { limit: nano(dailyLimitUsd) }),
    hard: true,
    onStoreLoss: 'closed',
    slicePercent: 1,
    alertAt: [80, 100],
    ...(alertThresholdUsd !== undefined && { alertAbove: nano(alertThresholdUsd) }),
  };
  return [day, ...budgets.map((given) => budgetDefinition(given, budgetTimeZone))];
}
