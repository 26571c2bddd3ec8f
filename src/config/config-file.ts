/** The file is read by the caller's function, so that tests and other programs decide what a path means. */
export type ReadFile = (path: string) => Promise<string>;

const maxFileCharacters = 1_000_000;

export type ConfigFile =
  | { readonly ok: true; readonly values: Readonly<Record<string, unknown>> }
  | { readonly ok: false; readonly problem: string };

const failure = (problem: string): ConfigFile => ({ ok: false, problem });

/** Reads the keys of a YAML or JSON configuration file; the problem never quotes the content, which may hold secrets. */
export async function readConfigFile(path: string, readFile: ReadFile): Promise<ConfigFile> {
  let content: string;
  try {
    content = await readFile(path);
  } catch {
    return failure('names a file that cannot be read');
  }
  if (content.length > maxFileCharacters) return failure('names a file of more than 1,000,000 characters');
  return parseConfig(content);
}

async function parseConfig(content: string): Promise<ConfigFile> {
  // JSON is YAML too, so one parser serves both. It is loaded only when there is a file.
  const { parseDocument } = await import('yaml');
  const document = parseDocument(content, { prettyErrors: false });
  const [error] = document.errors;
  if (error)
    return failure(`names a file that is not valid YAML or JSON (${error.code}, at character ${error.pos[0]})`);
  try {
    const value: unknown = document.toJS({ maxAliasCount: 20 });
    if (value === null) return { ok: true, values: {} };
    if (typeof value !== 'object' || Array.isArray(value))
      return failure('names a file that does not hold keys and values');
    return { ok: true, values: Object.fromEntries(Object.entries(value)) };
  } catch {
    return failure('names a file whose aliases cannot be resolved');
  }
}
