import { z } from 'zod';
import { type SettingMetadata, settingMetadata } from './define-setting.js';
import { settingsSchema } from './settings-schema.js';

/** One setting as loading, printing and the reference see it. */
export interface SettingDefinition extends SettingMetadata {
  /** Where the value stands in `Settings`. */
  readonly path: readonly string[];
  readonly description: string;
  /** Undefined when the setting may be absent. */
  readonly defaultValue: unknown;
}

function definitionsIn(shape: Readonly<Record<string, unknown>>, parents: readonly string[]): SettingDefinition[] {
  return Object.entries(shape).flatMap(([key, schema]) => {
    if (!(schema instanceof z.ZodType)) return [];
    const path = [...parents, key];
    const metadata = settingMetadata.get(schema);
    if (!metadata) return schema instanceof z.ZodPrefault ? definitionsIn(sectionShape(schema), path) : [];
    const defaultValue = schema instanceof z.ZodDefault ? schema.parse(undefined) : undefined;
    return [{ ...metadata, path, description: schema.description ?? '', defaultValue }];
  });
}

function sectionShape(section: z.ZodPrefault): Readonly<Record<string, unknown>> {
  const inner = section.unwrap();
  return inner instanceof z.ZodObject ? inner.shape : {};
}

/** Every setting, in the order of the schema. */
export const settingTable: readonly SettingDefinition[] = definitionsIn(settingsSchema.shape, []);

/** The value at a setting's path; undefined when it is absent. */
export function valueAt(settings: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (value, key) => (typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined),
    settings,
  );
}
