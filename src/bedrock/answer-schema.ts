import { createContext, type Script } from 'node:vm';
import type { Ajv, ErrorObject, ValidateFunction } from 'ajv';

type Schema = Readonly<Record<string, unknown>>;

/** Tells what is wrong with a value, in our own words; undefined when it fits. */
export type AnswerCheck = (value: unknown) => string | undefined;

/** Patterns come from callers, and some take years on the right text. */
const patternLimitMs = 50;

/**
 * A check of answers against a caller's schema, in the newest dialect or in draft 7.
 * @throws Error when the schema is valid in neither; the guard stage has refused such requests before.
 */
export async function answerCheck(schema: Schema): Promise<AnswerCheck> {
  // The identifiers only name the dialect and the schema; resolving them would go out to other places.
  const { $schema: _dialect, $id: _id, ...rest } = schema;
  const validate = await compiled(rest);
  return (value) => {
    try {
      return validate(value) ? undefined : problemOf(validate.errors?.[0]);
    } catch {
      return 'could not be checked against a pattern of the schema in time';
    }
  };
}

function problemOf(error: ErrorObject | undefined | null): string {
  // The path is that of the caller's own schema and holds nothing that the model wrote.
  return `breaks the rule \`${error?.schemaPath ?? '#'}\` of the schema`;
}

async function compiled(schema: Schema): Promise<ValidateFunction> {
  const { newest, draft7 } = await compilers();
  try {
    return newest.compile(schema);
  } catch {
    return draft7.compile(schema);
  }
}

/** New ones each time: a compiler keeps what it compiled, and they are cheap beside a call of a model. */
async function compilers(): Promise<{ readonly newest: Ajv; readonly draft7: Ajv }> {
  const [{ Ajv2020 }, { Ajv }, { Script }] = await Promise.all([
    import('ajv/dist/2020.js'),
    import('ajv'),
    import('node:vm'),
  ]);
  const options = {
    strict: false,
    logger: false,
    validateFormats: false,
    inlineRefs: false,
    code: { optimize: false, regExp: boundedRegExp(new Script('new RegExp(pattern, flags).test(text)')) },
  } as const;
  return { newest: new Ajv2020(options), draft7: new Ajv(options) };
}

/** Regular expressions that are given up after a while. */
function boundedRegExp(script: Script) {
  const engine = (pattern: string, flags: string) => {
    const context = createContext({ pattern, flags, text: '' });
    const test = (text: string): boolean => {
      context['text'] = text;
      return script.runInContext(context, { timeout: patternLimitMs }) === true;
    };
    // The compiler tells patterns apart by their text.
    return { test, toString: () => `/${pattern}/${flags}` };
  };
  return Object.assign(engine, { code: 'new RegExp' });
}
