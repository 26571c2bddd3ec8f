import { readFile, stat } from 'node:fs/promises';
import { z } from 'zod';
import { ServiceError } from '../../core/errors.js';
import { scopes } from '../../core/pipeline.js';

const maxKeys = 1_000;
const largestFileBytes = 2_000_000;

const word = (longest: number) => z.string().regex(new RegExp(`^[\\w.@:/-]{1,${longest}}$`));
const usd = z.number().positive().max(10_000_000);

const apiKey = z.strictObject({
  name: word(128),
  /** SHA-256 of the key: enough for 256 random bits, which nobody can guess. */
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  scopes: z.array(z.enum(scopes)).min(1).max(scopes.length),
  tenant: z.exactOptional(word(128)),
  groups: z.exactOptional(z.array(word(128)).max(100)),
  allowed_models: z.exactOptional(z.array(word(2_048)).min(1).max(100)),
  daily_usd: z.exactOptional(usd),
  monthly_usd: z.exactOptional(usd),
  created_at: z.iso.datetime(),
  expires_at: z.exactOptional(z.iso.datetime()),
});

const isUnique = (values: readonly string[]): boolean => new Set(values).size === values.length;

const apiKeyFile = z
  .strictObject({ version: z.literal(1), keys: z.array(apiKey).max(maxKeys) })
  .refine(({ keys }) => isUnique(keys.map(({ name }) => name)), 'two keys share a name')
  .refine(({ keys }) => isUnique(keys.map(({ sha256 }) => sha256)), 'two keys share a hash');

/** One API key as it stands in the file. The key itself is kept nowhere. */
export type ApiKey = z.output<typeof apiKey>;

const remedy = 'Make and change the file with `kairos-bedrock-mcp keys add|list|revoke`.';

const wrongFile = (file: string, problem: string, cause?: unknown) =>
  new ServiceError('validation', `The file of API keys ${file} ${problem}.`, { remedy, cause });

function parseJson(file: string, text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return value;
  } catch (cause) {
    throw wrongFile(file, 'is not JSON', cause);
  }
}

/** Names places and kinds of problems only: a file by hand may hold a key in the wrong place. */
function describe(issues: readonly z.core.$ZodIssue[]): string {
  const told = issues.slice(0, 3).map(({ path, code, message }) => {
    return `${path.join('.') || 'the whole'}: ${code === 'custom' ? message : code}`;
  });
  return `is not valid (${told.join('; ')})`;
}

/**
 * The keys in the file.
 * @throws ServiceError validation when the file is missing, too large, or not of this form.
 */
export async function readApiKeyFile(file: string): Promise<readonly ApiKey[]> {
  const found = await stat(file).catch((cause: NodeJS.ErrnoException) => {
    throw wrongFile(file, cause.code === 'ENOENT' ? 'does not exist' : 'cannot be read', cause);
  });
  if (!found.isFile() || found.size > largestFileBytes) {
    throw wrongFile(file, `is not a file of at most ${largestFileBytes} bytes`);
  }
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw wrongFile(file, 'cannot be read', cause);
  });
  const parsed = apiKeyFile.safeParse(parseJson(file, text));
  if (!parsed.success) throw wrongFile(file, describe(parsed.error.issues));
  return parsed.data.keys;
}

/**
 * A key that was just made is held against what the file may contain before it is written.
 * @throws ServiceError validation.
 */
export function toFileText(file: string, keys: readonly ApiKey[]): string {
  const parsed = apiKeyFile.safeParse({ version: 1, keys });
  if (!parsed.success) throw wrongFile(file, `would not be valid any more: it ${describe(parsed.error.issues)}`);
  return `${JSON.stringify(parsed.data, null, 2)}\n`;
}
