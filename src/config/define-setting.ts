import { z } from 'zod';
import type { Field } from './fields.js';

/** What is known of a setting beside its type. */
export interface SettingMetadata {
  /** Name of the environment variable, and the key in the configuration file. */
  readonly variable: string;
  /** The valid values in words. */
  readonly form: string;
  /** Other programs' variables that count when neither the environment nor the file has `variable`; first wins. */
  readonly alternatives?: readonly string[];
  /** `value`: never printed. `credentials`: printed without the user and password in the URL. */
  readonly secret?: 'value' | 'credentials';
  /** The default in words, where the schema does not hold it. */
  readonly defaultText?: string;
}

export const settingMetadata = z.registry<SettingMetadata>();

type Details = Omit<SettingMetadata, 'form'>;

/** A setting that always has a value. */
export function required<Schema extends z.ZodType>(
  field: Field<Schema>,
  fallback: z.util.NoUndefined<z.output<Schema>>,
  details: Details,
  description: string,
): z.ZodDefault<Schema> {
  const schema = field.schema.default(fallback).describe(description);
  settingMetadata.add(schema, { form: field.form, ...details });
  return schema;
}

/** A setting that may be absent. */
export function optional<Schema extends z.ZodType>(
  field: Field<Schema>,
  details: Details,
  description: string,
): z.ZodExactOptional<Schema> {
  const schema = z.exactOptional(field.schema).describe(description);
  settingMetadata.add(schema, { form: field.form, ...details });
  return schema;
}
