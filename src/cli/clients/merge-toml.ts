import { isDeepStrictEqual } from 'node:util';
import { parse, stringify, TomlError } from 'smol-toml';
import type { Addition, MergeInto } from './merge.js';

type Table = Record<string, unknown>;

const isTable = (value: unknown): value is Table =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date);

/** Puts the server's tables into TOML; every other line, comments too, stays as it is. */
export const mergeToml: MergeInto = (text, addition) => {
  const before = parsed(text);
  if (typeof before === 'string') return { problem: before };
  const existing = entryIn(before, addition);
  const entry = mergedEntry(existing, addition.entry);
  if (isDeepStrictEqual(existing, entry)) return { text };
  const rest = withoutTables(text, `${addition.section}.${addition.name}`);
  const tables = stringify({ [addition.section]: { [addition.name]: entry } });
  const merged = `${rest === '' ? '' : `${rest.trimEnd()}\n\n`}${tables.trimEnd()}\n`;
  // The lines of a table are found by its headers alone; a file that writes it another way must not be damaged.
  const after = parsed(merged);
  const intact =
    typeof after !== 'string' && isDeepStrictEqual(withoutEntry(after, addition), withoutEntry(before, addition));
  if (!intact) return { problem: `"${addition.section}.${addition.name}" is not written as a table of its own` };
  return { text: merged };
};

function parsed(text: string): Table | string {
  try {
    return parse(text);
  } catch (error) {
    return error instanceof TomlError ? `wrong TOML in line ${error.line}` : 'wrong TOML';
  }
}

function entryIn(root: Table, { section, name }: Addition): unknown {
  const servers = root[section];
  return isTable(servers) ? servers[name] : undefined;
}

function withoutEntry(root: Table, { section, name }: Addition): Table {
  const servers = root[section];
  const { [name]: _ours, ...others } = isTable(servers) ? servers : {};
  return { ...root, [section]: others };
}

/** What somebody added to our entry by hand stays; an entry of another transport is replaced. */
function mergedEntry(existing: unknown, entry: Addition['entry']): Table {
  if (!isTable(existing) || existing['command'] === undefined) return { ...entry };
  const added = isTable(existing['env']) ? existing['env'] : {};
  return { ...existing, ...entry, env: { ...added, ...(isTable(entry['env']) ? entry['env'] : {}) } };
}

/** The text without the table of that name and the tables below it. */
function withoutTables(text: string, table: string): string {
  let ours = false;
  const kept = text.split('\n').filter((line) => {
    const header = /^\s*\[+\s*([^\]]+?)\s*\]/.exec(line)?.[1]?.replaceAll(/["'\s]/g, '');
    if (header !== undefined) ours = header === table || header.startsWith(`${table}.`);
    return !ours;
  });
  return kept.join('\n');
}
