import type { SettingDefinition } from './setting-table.js';
import { profileDefaults } from './settings-schema.js';

export type Environment = Readonly<Record<string, string | undefined>>;

/** Where a value came from; an alternative is named by its variable, such as `AWS_REGION`. */
export type SettingSource = 'command line' | 'environment' | 'file' | 'profile' | 'default' | (string & {});

export interface RawSources {
  /** Values of command-line flags, under the names of the variables they stand for. */
  readonly overrides: Environment;
  readonly env: Environment;
  readonly file: Readonly<Record<string, unknown>>;
}

export interface RawValue {
  readonly value: unknown;
  readonly source: SettingSource;
}

/** Variable → what was given for it. */
export type RawValues = ReadonlyMap<string, RawValue>;

/** An empty variable counts as not set: that is how many launchers write "no value". */
const isSet = (value: unknown): boolean => value !== undefined && value !== null && value !== '';

function firstSet(candidates: readonly RawValue[]): RawValue | undefined {
  return candidates.find((candidate) => isSet(candidate.value));
}

/** The raw value in force before the profile and the schema's default have their turn. */
export function givenValue(definition: SettingDefinition, { overrides, env, file }: RawSources): RawValue | undefined {
  const { variable, alternatives = [] } = definition;
  return firstSet([
    { value: overrides[variable], source: 'command line' },
    { value: env[variable], source: 'environment' },
    { value: file[variable], source: 'file' },
    ...alternatives.map((name) => ({ value: env[name], source: name })),
  ]);
}

/** Default of the profile; an invalid profile name has none (and is itself refused by the schema). */
export function profileValue(variable: string, profile: unknown): RawValue | undefined {
  const known = Object.entries(profileDefaults).find(([name]) => name === profile);
  return firstSet([{ value: known?.[1][variable], source: 'profile' }]);
}
