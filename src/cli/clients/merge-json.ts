import { applyEdits, modify, type ParseError, parse, printParseErrorCode } from 'jsonc-parser';
import type { MergeInto } from './merge.js';

type Fields = Readonly<Record<string, unknown>>;

const isObject = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Puts the server into JSON, with or without comments; everything else in the text stays as it is written. */
export const mergeJson: MergeInto = (text, { section, name, entry }) => {
  const source = text.trim() === '' ? '{}\n' : text;
  const errors: ParseError[] = [];
  const root: unknown = parse(source, errors, { allowTrailingComma: true });
  const [error] = errors;
  if (error) return { problem: `${printParseErrorCode(error.error)} in line ${lineOf(source, error.offset)}` };
  if (!isObject(root)) return { problem: 'it holds no JSON object' };
  const servers = root[section] ?? {};
  if (!isObject(servers)) return { problem: `"${section}" is no object` };
  const merged = mergedEntry(servers[name], entry);
  if (JSON.stringify(merged) === JSON.stringify(servers[name])) return { text: source };
  const formattingOptions = { ...indentationOf(source), eol: source.includes('\r\n') ? '\r\n' : '\n' };
  return { text: applyEdits(source, modify(source, [section, name], merged, { formattingOptions })) };
};

/** What somebody added to our entry by hand stays; an entry of another transport is replaced. */
function mergedEntry(existing: unknown, entry: Fields): Fields {
  if (!isObject(existing) || existing['command'] === undefined) return entry;
  const added = isObject(existing['env']) ? existing['env'] : {};
  const ours = isObject(entry['env']) ? entry['env'] : {};
  return { ...existing, ...entry, env: { ...added, ...ours } };
}

const lineOf = (text: string, offset: number): number => text.slice(0, offset).split('\n').length;

function indentationOf(text: string): { insertSpaces: boolean; tabSize: number } {
  const [, indentation = '  '] = /\n([ \t]+)\S/.exec(text) ?? [];
  return {
    insertSpaces: !indentation.startsWith('\t'),
    tabSize: indentation.startsWith('\t') ? 4 : indentation.length,
  };
}
