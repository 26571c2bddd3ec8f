import { z } from 'zod';

/*
 * How the text of an environment variable, or a value of the configuration file, becomes a typed setting. Readers only
 * convert; what they cannot convert they hand on as it is, and the schema behind them refuses it.
 */

/** A kind of value: its schema, and its form in words, which ends the sentence "must be …". */
export interface Field<Schema extends z.ZodType> {
  readonly form: string;
  readonly schema: Schema;
}

const decimal = /^-?\d{1,15}(\.\d{1,9})?$/;

function readNumber(raw: unknown): unknown {
  return typeof raw === 'string' && decimal.test(raw.trim()) ? Number(raw) : raw;
}

function readFlag(raw: unknown): unknown {
  const word = typeof raw === 'string' ? raw.trim().toLowerCase() : raw;
  if (word === 'true' || word === '1' || word === 1) return true;
  return word === 'false' || word === '0' || word === 0 ? false : raw;
}

function readList(raw: unknown): unknown {
  if (typeof raw !== 'string') return raw;
  return raw
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '');
}

function readJson(raw: unknown): unknown {
  if (typeof raw !== 'string') return raw;
  try {
    const value: unknown = JSON.parse(raw);
    return value;
  } catch {
    return raw;
  }
}

const readText = (raw: unknown): unknown => (typeof raw === 'string' ? raw.trim() : raw);

export const flag = { form: 'true or false', schema: z.preprocess(readFlag, z.boolean()) };

export const wholeNumber = (from: number, to: number) => ({
  form: `a whole number from ${from} to ${to}`,
  schema: z.preprocess(readNumber, z.int().min(from).max(to)),
});

export const fraction = {
  form: 'a number from 0 to 1',
  schema: z.preprocess(readNumber, z.number().min(0).max(1)),
};

/** Given in seconds, kept in milliseconds. */
export const seconds = (from: number, to: number) => ({
  form: `seconds, from ${from} to ${to}`,
  schema: z.preprocess(
    readNumber,
    z
      .number()
      .min(from)
      .max(to)
      .transform((value) => Math.round(value * 1_000)),
  ),
});

export const usd = (to: number) => ({
  form: `an amount in USD, more than 0 and at most ${to}`,
  schema: z.preprocess(readNumber, z.number().positive().max(to)),
});

export const choice = <const Name extends string>(...names: readonly [Name, ...Name[]]) => ({
  form: names.length === 1 ? names[0] : `one of ${names.join(', ')}`,
  schema: z.preprocess(readText, z.enum(names)),
});

export const text = (form: string, pattern: RegExp) => ({
  form,
  schema: z.preprocess(readText, z.string().min(1).max(4_096).regex(pattern)),
});

export const list = <Item extends z.ZodType>(item: Field<Item>) => ({
  form: `a comma-separated list, each ${item.form}`,
  schema: z.preprocess(readList, z.array(item.schema).min(1).max(100)),
});

function isUrl(value: string, protocols: readonly string[]): boolean {
  return URL.canParse(value) && protocols.includes(new URL(value).protocol);
}

export const url = (...protocols: readonly string[]) => ({
  form: `a URL that starts with ${protocols.map((protocol) => `${protocol}//`).join(' or ')}`,
  schema: z.preprocess(
    readText,
    z
      .string()
      .max(2_048)
      .refine((value) => isUrl(value, protocols)),
  ),
});

export const json = <Value extends z.ZodType>(form: string, value: Value) => ({
  form,
  schema: z.preprocess(readJson, value),
});

export const modelName = text('a model id, profile id or alias', /^[\w.:/-]{1,2048}$/);
export const word = text('a text without spaces', /^\S+$/);
export const anything = text('a text', /\S/);
export const httpUrl = url('https:', 'http:');
