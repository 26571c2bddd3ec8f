import { type ReadFile, readConfigFile } from './config-file.js';
import { dataDirectory } from './data-directory.js';
import { configFileVariable } from './known-names.js';
import {
  combinationProblems,
  isExplicitRegion,
  nameProblems,
  type SettingProblem,
  valueProblems,
} from './setting-problems.js';
import { type SettingDefinition, settingTable, valueAt } from './setting-table.js';
import { type ParsedSettings, settingsSchema } from './settings-schema.js';
import {
  type Environment,
  givenValue,
  profileValue,
  type RawSources,
  type RawValue,
  type RawValues,
  type SettingSource,
} from './sources.js';

/** One immutable snapshot of the configuration. Durations are in milliseconds unless the name says otherwise. */
export interface Settings extends Omit<ParsedSettings, 'aws' | 'storage'> {
  /** `regions` always begins with `region`. */
  readonly aws: ParsedSettings['aws'] & { readonly regions: readonly string[] };
  readonly storage: Omit<ParsedSettings['storage'], 'dataDir'> & { readonly dataDir: string };
}

export type SettingsResult =
  | {
      readonly ok: true;
      readonly settings: Settings;
      /** Variable → where its value came from. */
      readonly sources: Readonly<Record<string, SettingSource>>;
    }
  | { readonly ok: false; readonly problems: readonly SettingProblem[] };

export interface LoadOptions {
  readonly env: Environment;
  readonly readFile: ReadFile;
  /** Command-line flags, under the names of the variables they stand for; they win over everything. */
  readonly overrides?: Environment;
  readonly platform?: NodeJS.Platform;
}

/** Reads, checks and completes the settings; every problem is reported, not only the first. */
export async function loadSettings({ env, readFile, overrides = {}, platform }: LoadOptions): Promise<SettingsResult> {
  const path = overrides[configFileVariable] || env[configFileVariable];
  const read = path ? await readConfigFile(path, readFile) : { ok: true as const, values: {} };
  const file = read.ok ? read.values : {};
  const raw = collect({ overrides, env, file });
  const parsed = settingsSchema.safeParse(raw.tree);
  const problems = [
    ...(read.ok ? [] : [{ variable: configFileVariable, problem: `${read.problem}: ${JSON.stringify(path)}` }]),
    ...(await nameProblems({ ...env, ...overrides }, file)),
    ...(parsed.error ? valueProblems(parsed.error.issues, raw.values) : []),
    ...(parsed.data ? combinationProblems(parsed.data, raw.values) : []),
  ];
  if (!parsed.data || problems.length > 0) return { ok: false, problems };
  return { ok: true, settings: complete(parsed.data, raw.values, env, platform), sources: sourcesOf(raw.values) };
}

function collect(sources: RawSources): { readonly tree: object; readonly values: RawValues } {
  const environment = settingTable.find((definition) => definition.variable === 'BEDROCK_ENVIRONMENT');
  const profile = (environment && givenValue(environment, sources)?.value) ?? environment?.defaultValue;
  const tree: Record<string, unknown> = {};
  const values = new Map<string, RawValue>();
  for (const definition of settingTable) {
    const raw = givenValue(definition, sources) ?? profileValue(definition.variable, profile);
    if (!raw) continue;
    values.set(definition.variable, raw);
    place(tree, definition.path, raw.value);
  }
  return { tree, values };
}

function place(tree: Record<string, unknown>, path: readonly string[], value: unknown): void {
  const [first = '', second] = path;
  tree[first] = second === undefined ? value : { ...(tree[first] ?? {}), [second]: value };
}

function complete(parsed: ParsedSettings, values: RawValues, env: Environment, platform?: NodeJS.Platform): Settings {
  const { aws, storage } = parsed;
  const region = isExplicitRegion(values) ? aws.region : (aws.regions?.[0] ?? aws.region);
  const regions = [...new Set([region, ...(aws.regions ?? [])])];
  return {
    ...parsed,
    aws: { ...aws, region, regions },
    storage: { ...storage, dataDir: dataDirectory(storage.dataDir, env, platform) },
  };
}

function sourcesOf(values: RawValues): Record<string, SettingSource> {
  return Object.fromEntries(settingTable.map(({ variable }) => [variable, values.get(variable)?.source ?? 'default']));
}

/** Settings by variable, for printing and for the redactor. */
export function settingValues(settings: Settings): readonly (SettingDefinition & { readonly value: unknown })[] {
  return settingTable.map((definition) => ({ ...definition, value: valueAt(settings, definition.path) }));
}
