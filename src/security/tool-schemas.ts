import { createHash } from 'node:crypto';
import type { Ajv } from 'ajv';
import { ServiceError } from '../core/errors.js';
import type { ToolSpec } from '../core/request.js';

const maxSchemaCharacters = 100_000;
const maxCharactersTogether = 500_000;
const maxRemembered = 500;

/*
 * Compiling costs far more than reading, up to the square of the number of references, and nothing else runs meanwhile.
 * One request may have so much compiled; the rest is only checked against the meta-schema.
 */
const compiledCharacters = 30_000;
const compiledReferences = 100;

export interface ToolSchemaChecker {
  /** @throws ServiceError validation, naming the tool whose `input_schema` is broken. */
  check(tools: readonly ToolSpec[]): Promise<void>;
  /** @throws ServiceError validation when the schema is broken or larger than what is compiled for one request. */
  checkAnswerSchema(schema: Schema): Promise<void>;
}

/** What one request may still have compiled. */
interface Allowance {
  characters: number;
  references: number;
}

/** Checks input schemas. Conversations repeat their tools in every turn, so verdicts are remembered. */
export function createToolSchemaChecker(): ToolSchemaChecker {
  const verdicts = new Map<string, string | undefined>();
  const compilers = renewedCompilers();

  async function verdictOf(schema: Schema, json: string, allowance: Allowance): Promise<string | undefined> {
    if (json.length > maxSchemaCharacters) return `is longer than ${maxSchemaCharacters} characters`;
    const key = createHash('sha256').update(json).digest('base64');
    if (verdicts.has(key)) return verdicts.get(key);
    const verdict = problemOf(schema, spend(json, allowance), await compilers());
    if (verdicts.size >= maxRemembered) verdicts.clear();
    verdicts.set(key, verdict);
    return verdict;
  }

  return {
    check: async (tools) => {
      const allowance = { characters: compiledCharacters, references: compiledReferences };
      let characters = 0;
      for (const { name, input_schema } of tools) {
        const json = JSON.stringify(input_schema);
        characters += json.length;
        const problem = await verdictOf(input_schema, json, allowance);
        if (problem) throw new ServiceError('validation', `The \`input_schema\` of tool \`${name}\` ${problem}.`);
        if (characters > maxCharactersTogether) {
          throw new ServiceError(
            'validation',
            `The tools' schemas are longer than ${maxCharactersTogether} characters.`,
          );
        }
      }
    },
    checkAnswerSchema: async (schema) => {
      const json = JSON.stringify(schema);
      // Answers are checked with it, so that nothing less than compiling will do.
      if (!isSmall(json, { characters: compiledCharacters, references: compiledReferences })) {
        throw new ServiceError(
          'validation',
          `\`response_schema\` is larger than ${compiledCharacters} characters or ${compiledReferences} references.`,
        );
      }
      const problem = problemOf(schema, compiles, await compilers());
      if (problem) throw new ServiceError('validation', `\`response_schema\` ${problem}.`);
    },
  };
}

type Schema = Readonly<Record<string, unknown>>;
type Check = (compiler: Ajv, schema: Schema) => boolean;

/** The thorough check while the allowance lasts, else the cheap one. */
function spend(json: string, allowance: Allowance): Check {
  if (!isSmall(json, allowance)) return fitsMetaSchema;
  allowance.characters -= json.length;
  allowance.references -= referencesIn(json);
  return compiles;
}

const referencesIn = (json: string): number => json.match(/"\$(?:r|dynamicR)ef"/g)?.length ?? 0;

const isSmall = (json: string, { characters, references }: Readonly<Allowance>): boolean =>
  json.length <= characters && referencesIn(json) <= references;

function problemOf(schema: Schema, check: Check, dialects: readonly Ajv[]): string | undefined {
  if (schema['type'] !== 'object') return 'must have `type: "object"`';
  // The identifiers only name the dialect and the schema; resolving them would go out to other places.
  const { $schema: _dialect, $id: _id, ...rest } = schema;
  return dialects.some((compiler) => check(compiler, rest)) ? undefined : 'is not a valid JSON Schema';
}

const fitsMetaSchema: Check = (compiler, schema) => compiler.validateSchema(schema) === true;

function compiles(compiler: Ajv, schema: Schema): boolean {
  try {
    compiler.compile(schema);
    return true;
  } catch {
    return false;
  } finally {
    // Otherwise the compiler keeps the schema and the function made from it.
    compiler.removeSchema(schema);
  }
}

/** A compiler keeps a little of all it ever compiled, so it is replaced now and then. */
const usesOfCompilers = 1_000;

function renewedCompilers(): () => Promise<readonly Ajv[]> {
  let current: Promise<readonly Ajv[]> | undefined;
  let uses = 0;
  return () => {
    if (uses % usesOfCompilers === 0) current = undefined;
    uses += 1;
    current ??= loadCompilers();
    return current;
  };
}

/** The newest dialect and draft 7, which still describes tuples another way. Loaded by the first call with tools. */
async function loadCompilers(): Promise<readonly Ajv[]> {
  const [{ Ajv2020 }, { Ajv }] = await Promise.all([import('ajv/dist/2020.js'), import('ajv')]);
  const options = {
    strict: false,
    logger: false,
    validateFormats: false,
    unicodeRegExp: false,
    inlineRefs: false,
    code: { optimize: false },
  } as const;
  return [new Ajv2020(options), new Ajv(options)];
}
