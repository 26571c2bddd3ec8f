import { distance } from 'fastest-levenshtein';
import type { z } from 'zod';
import { ServiceError } from '../core/errors.js';

type Issue = z.core.$ZodIssue;
type Path = readonly PropertyKey[];

const shownIssues = 5;
/** Shorter than an AWS access key id, so that a secret in the wrong place is never repeated. */
const shownValueLength = 16;

/** A name that the caller made up, safe to show. */
export function quoted(name: string): string {
  return /^[\w.-]{1,64}$/.test(name) ? `\`${name}\`` : JSON.stringify(name.slice(0, 32));
}

/** The known name that is most like `name`, ignoring case and underscores; undefined when none is near. */
export function nearestName(name: string, known: readonly string[]): string | undefined {
  const squash = (text: string) => text.slice(0, 64).toLowerCase().replaceAll('_', '');
  const wanted = squash(name);
  const ranked = known
    .map((candidate) => ({ candidate, far: distance(wanted, squash(candidate)) }))
    .sort((left, right) => left.far - right.far);
  const best = ranked[0];
  return best && best.far <= Math.max(1, Math.floor(wanted.length / 3)) ? best.candidate : undefined;
}

function pathText(path: Path): string {
  return path.reduce<string>((text, part) => {
    if (typeof part === 'number') return `${text}[${part}]`;
    const name = String(part).slice(0, 64);
    return text === '' ? name : `${text}.${name}`;
  }, '');
}

function valueAt(root: unknown, path: Path): unknown {
  return path.reduce<unknown>((value, part) => {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, part)) return undefined;
    return (value as Record<PropertyKey, unknown>)[part];
  }, root);
}

function kindOf(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (value === null) return 'null';
  if (typeof value === 'number' && !Number.isFinite(value)) return String(value);
  return Array.isArray(value) ? 'array' : typeof value;
}

function shown(value: unknown): string {
  if (typeof value === 'boolean' || (typeof value === 'number' && Number.isFinite(value))) return ` (given: ${value})`;
  if (typeof value !== 'string' || value.length > shownValueLength) return '';
  return ` (given: ${JSON.stringify(value)})`;
}

function limitText(origin: string, word: 'at least' | 'at most', limit: number | bigint, inclusive = true): string {
  if (origin === 'string') return `must have ${word} ${limit} characters`;
  if (origin === 'array') return `must have ${word} ${limit} items`;
  return inclusive ? `must be ${word} ${limit}` : `must be ${word === 'at least' ? 'above' : 'below'} ${limit}`;
}

/** Of the branches of a union, the one that understood the value best: its first problem lies deepest. */
function deepestBranch(branches: readonly (readonly Issue[])[]): Issue | undefined {
  const depth = (issue: Issue) => (issue.code === 'invalid_union' ? issue.path.length + 1 : issue.path.length);
  return branches
    .flatMap((branch) => branch.slice(0, 1))
    .filter((issue) => depth(issue) > 0)
    .sort((left, right) => depth(right) - depth(left))[0];
}

function unionText(issue: Extract<Issue, { code: 'invalid_union' }>, at: Path, root: unknown): string {
  const { options } = issue as { options?: readonly unknown[] };
  if (options) return located(at, `must be one of ${options.join(', ')}${shown(valueAt(root, at))}`);
  const inner = deepestBranch(issue.errors);
  if (inner) return issueText(inner, root, [], at);
  const expected = issue.errors.flatMap((branch) => branch.map((entry) => ('expected' in entry ? entry.expected : '')));
  return located(at, `expected ${expected.filter(Boolean).join(' or ')}, received ${kindOf(valueAt(root, at))}`);
}

function located(path: Path, problem: string): string {
  return path.length === 0 ? problem : `${quotedPath(path)}: ${problem}`;
}

function quotedPath(path: Path): string {
  return `\`${pathText(path).replaceAll(/[^\w.[\]:/-]/g, '?')}\``;
}

function unknownKeysText(keys: readonly string[], path: Path, known: readonly string[]): string {
  const where = path.length === 0 ? '' : ` in ${quotedPath(path)}`;
  const names = keys.slice(0, shownIssues).map((key) => {
    const near = nearestName(key, known);
    return `unknown argument ${quoted(key)}${where}${near ? ` (did you mean \`${near}\`?)` : ''}`;
  });
  const guessed = names.every((name) => name.endsWith('?)'));
  return names.join('; ') + (guessed || known.length === 0 ? '' : `; known are ${known.join(', ')}`);
}

/** One problem in our own words; `base` is where the union lies that the issue came from. */
function issueText(issue: Issue, root: unknown, known: readonly string[], base: Path = []): string {
  const path = [...base, ...issue.path];
  const value = valueAt(root, path);
  switch (issue.code) {
    case 'unrecognized_keys':
      return unknownKeysText(issue.keys, path, path.length === 0 ? known : []);
    case 'invalid_type': {
      if (value === undefined && path.length > 0) return located(path, `is missing, expected ${issue.expected}`);
      const received = issue.expected === 'int' ? 'a fraction' : kindOf(value);
      return located(path, `expected ${issue.expected}, received ${received}${shown(value)}`);
    }
    case 'too_small':
      return located(path, limitText(issue.origin, 'at least', issue.minimum, issue.inclusive) + shown(value));
    case 'too_big':
      return located(path, limitText(issue.origin, 'at most', issue.maximum, issue.inclusive) + shown(value));
    case 'invalid_value':
      return located(path, `must be one of ${issue.values.map(String).join(', ')}${shown(value)}`);
    case 'invalid_union':
      return unionText(issue, path, root);
    case 'invalid_key':
      return located(path, `is not a valid name: ${issue.issues[0]?.message ?? 'refused'}`);
    default:
      return located(path, issue.message);
  }
}

/** The validation error for arguments that a schema refused: names and expectations, and only short plain values. */
export function argumentError(
  tool: string,
  issues: readonly Issue[],
  root: unknown,
  known: readonly string[],
): ServiceError {
  const texts = [...new Set(issues.map((issue) => issueText(issue, root, known)))];
  const more = texts.length > shownIssues ? `; and ${texts.length - shownIssues} more problems` : '';
  const message = `Invalid arguments for ${tool}: ${texts.slice(0, shownIssues).join('; ')}${more}.`;
  return new ServiceError('validation', message);
}
