import type { z } from 'zod';
import { alertProblems } from './alert-settings.js';
import { authenticationProblems } from './authentication-settings.js';
import { isOurs, isSupported, nearestName, unsupportedNames } from './known-names.js';
import { type SettingDefinition, settingTable } from './setting-table.js';
import type { ParsedSettings } from './settings-schema.js';
import type { Environment, RawValues } from './sources.js';

export interface SettingProblem {
  readonly variable: string;
  /** What is wrong, in words, with the value unless it is secret; follows the variable's name in a sentence. */
  readonly problem: string;
  /** The known name most like an unknown one. */
  readonly nearest?: string;
}

/** A problem as one line for a terminal. */
export function describeProblem({ variable, problem, nearest }: SettingProblem): string {
  return `${variable} ${problem}.${nearest ? ` Did you mean ${nearest}?` : ''}`;
}

export async function nameProblems(
  env: Environment,
  file: Readonly<Record<string, unknown>>,
): Promise<SettingProblem[]> {
  const inEnvironment = Object.entries(env).filter(
    ([name, value]) => isOurs(name) && value !== undefined && value !== '',
  );
  const inFile = Object.entries(file);
  const fileNames = new Set(settingTable.map((definition) => definition.variable));
  const problems = [
    ...inEnvironment.map(([name, value]) => nameProblem(name, value, isSupported(name))),
    ...inFile.map(([name, value]) => nameProblem(name, value, fileNames.has(name))),
  ];
  return (await Promise.all(problems)).filter((problem) => problem !== undefined);
}

async function nameProblem(name: string, value: unknown, known: boolean): Promise<SettingProblem | undefined> {
  if (known) return undefined;
  const offValues = Object.hasOwn(unsupportedNames, name) ? unsupportedNames[name] : undefined;
  if (!offValues) return unknownName(name);
  if (offValues.includes(String(value).trim().toLowerCase())) return undefined;
  return { variable: name, problem: 'is not supported by this version; remove it' };
}

async function unknownName(variable: string): Promise<SettingProblem> {
  const nearest = await nearestName(variable);
  return { variable, problem: 'is not a known setting', ...(nearest && { nearest }) };
}

export function valueProblems(issues: readonly z.core.$ZodIssue[], values: RawValues): SettingProblem[] {
  const wrong = settingTable.filter(({ path }) =>
    issues.some((issue) => path.every((key, index) => issue.path[index] === key)),
  );
  return wrong.map((definition) => ({
    variable: nameOf(definition, values),
    problem: `${shownValue(definition, values)}must be ${definition.form}${detailOf(definition, issues)}`,
  }));
}

/** What is wrong inside a value that has parts; never of a secret. */
function detailOf({ path, secret }: SettingDefinition, issues: readonly z.core.$ZodIssue[]): string {
  const inside = issues.find(
    (issue) => issue.path.length > path.length && path.every((key, index) => issue.path[index] === key),
  );
  if (!inside || secret) return '';
  const where = inside.path.slice(path.length).map((key) => (typeof key === 'number' ? `[${key}]` : `.${String(key)}`));
  return `; \`${where.join('').replace(/^\./, '')}\`: ${inside.message}`;
}

/** The variable that the operator set, which may be an alternative such as AWS_REGION. */
function nameOf({ variable, alternatives = [] }: SettingDefinition, values: RawValues): string {
  const source = values.get(variable)?.source ?? variable;
  return alternatives.includes(source) ? source : variable;
}

function shownValue({ variable, secret }: SettingDefinition, values: RawValues): string {
  const value = values.get(variable)?.value;
  if (secret) return '';
  const shown = JSON.stringify(value) ?? '';
  return `is ${shown.length > 120 ? `${shown.slice(0, 120)}…` : shown}, `;
}

export function combinationProblems(settings: ParsedSettings, values: RawValues): SettingProblem[] {
  const { aws, cost, localModel, authentication, server, models } = settings;
  const weighted = [models.strategy, ...Object.values(models.callerStrategies)].includes('weighted');
  const pairs: readonly (readonly [boolean, string, string])[] = [
    ...authenticationProblems(authentication, server.host),
    ...alertProblems(settings.alerts),
    [
      (aws.accessKeyId === undefined) !== (aws.secretAccessKey === undefined),
      aws.accessKeyId === undefined ? 'AWS_BEDROCK_ACCESS_KEY_ID' : 'AWS_BEDROCK_SECRET_ACCESS_KEY',
      'is missing: an access key needs both its id and its secret',
    ],
    [
      aws.sessionToken !== undefined && aws.accessKeyId === undefined,
      'AWS_BEDROCK_SESSION_TOKEN',
      'needs AWS_BEDROCK_ACCESS_KEY_ID and AWS_BEDROCK_SECRET_ACCESS_KEY',
    ],
    [
      aws.roleExternalId !== undefined && aws.roleArn === undefined,
      'AWS_BEDROCK_ROLE_EXTERNAL_ID',
      'needs AWS_BEDROCK_ROLE_ARN',
    ],
    [
      (aws.fips || aws.dualStack) && (aws.endpointRuntime ?? aws.endpointControl) !== undefined,
      aws.fips ? 'AWS_USE_FIPS_ENDPOINT' : 'AWS_USE_DUALSTACK_ENDPOINT',
      'cannot be used together with an endpoint of your own (AWS_ENDPOINT_URL…)',
    ],
    [
      isExplicitRegion(values) && aws.regions !== undefined && !aws.regions.includes(aws.region),
      'AWS_BEDROCK_REGION',
      `is ${JSON.stringify(aws.region)}, which must be one of BEDROCK_REGIONS`,
    ],
    [
      (localModel.url === undefined) !== (localModel.model === undefined),
      localModel.url === undefined ? 'BEDROCK_LOCAL_MODEL_URL' : 'BEDROCK_LOCAL_MODEL',
      'is missing: a local model needs both its URL and its name',
    ],
    [
      weighted && Object.keys(models.weights).length === 0,
      'BEDROCK_MODEL_WEIGHTS',
      'is missing: the strategy weighted goes by it',
    ],
    [
      (cost.alertThresholdUsd ?? 0) > (cost.dailyLimitUsd ?? Number.POSITIVE_INFINITY),
      'BEDROCK_COST_ALERT_THRESHOLD',
      'is above BEDROCK_DAILY_COST_LIMIT, so it could never be reached',
    ],
  ];
  return pairs.filter(([wrong]) => wrong).map(([, variable, problem]) => ({ variable, problem }));
}

/** An ambient AWS_REGION must not pull calls out of the regions that the operator listed. */
export function isExplicitRegion(values: RawValues): boolean {
  const source = values.get('AWS_BEDROCK_REGION')?.source;
  return source === 'command line' || source === 'environment' || source === 'file';
}
