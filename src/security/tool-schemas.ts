import { createHash } from 'node:crypto';
import type { Ajv } from 'ajv';
import { ServiceError } from '../core/errors.js';
import type { ToolSpec } from '../core/request.js';

const maxSchemaCharacters = 100_000;
const maxRemembered = 500;

export interface ToolSchemaChecker {
  /** @throws ServiceError validation, naming the tool whose `input_schema` is broken. */
  check(tools: readonly ToolSpec[]): Promise<void>;
}

/** Checks that input schemas compile. Conversations repeat their tools in every turn, so verdicts are remembered. */
export function createToolSchemaChecker(): ToolSchemaChecker {
  const verdicts = new Map<string, string | undefined>();

  async function verdictOf(schema: Record<string, unknown>): Promise<string | undefined> {
    const json = JSON.stringify(schema);
    if (json.length > maxSchemaCharacters) return `is longer than ${maxSchemaCharacters} characters`;
    const key = createHash('sha256').update(json).digest('base64');
    if (verdicts.has(key)) return verdicts.get(key);
    const verdict = await problemOf(schema);
    if (verdicts.size >= maxRemembered) verdicts.clear();
    verdicts.set(key, verdict);
    return verdict;
  }

  return {
    check: async (tools) => {
      for (const { name, input_schema } of tools) {
        const problem = await verdictOf(input_schema);
        if (problem) throw new ServiceError('validation', `The \`input_schema\` of tool \`${name}\` ${problem}.`);
      }
    },
  };
}

async function problemOf(schema: Record<string, unknown>): Promise<string | undefined> {
  if (schema['type'] !== 'object') return 'must have `type: "object"`';
  // The identifiers only name the dialect and the schema; resolving them would go out to other places.
  const { $schema: _dialect, $id: _id, ...rest } = schema;
  const dialects = await compilers();
  return dialects.some((compiler) => compiles(compiler, rest)) ? undefined : 'is not a valid JSON Schema';
}

function compiles(compiler: Ajv, schema: Record<string, unknown>): boolean {
  try {
    compiler.compile(schema);
    return true;
  } catch {
    return false;
  } finally {
    // The compiler keeps what it compiled for ever otherwise.
    compiler.removeSchema(schema);
  }
}

let loaded: Promise<readonly Ajv[]> | undefined;

/** The newest dialect and draft 7, which still describes tuples another way. Loaded by the first call with tools. */
function compilers(): Promise<readonly Ajv[]> {
  loaded ??= loadCompilers();
  return loaded;
}

async function loadCompilers(): Promise<readonly Ajv[]> {
  const [{ Ajv2020 }, { Ajv }] = await Promise.all([import('ajv/dist/2020.js'), import('ajv')]);
  const options = {
    strict: false,
    logger: false,
    validateFormats: false,
    unicodeRegExp: false,
    addUsedSchema: false,
  } as const;
  return [new Ajv2020(options), new Ajv(options)];
}
