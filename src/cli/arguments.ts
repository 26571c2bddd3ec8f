import { parseArgs } from 'node:util';

/** Flags of `serve`, under the names of the environment variables that they override. */
export type SettingOverrides = Readonly<Record<string, string>>;

const serveOptions = {
  transport: { type: 'string' },
  host: { type: 'string' },
  port: { type: 'string' },
  config: { type: 'string' },
  sandbox: { type: 'boolean' },
} as const;

export interface ServeFlags {
  readonly transport?: string | undefined;
  readonly host?: string | undefined;
  readonly port?: string | undefined;
  readonly config?: string | undefined;
  readonly sandbox?: boolean | undefined;
}

export function overridesOf({ transport, host, port, config, sandbox }: ServeFlags): SettingOverrides {
  return {
    ...(transport !== undefined && { BEDROCK_TRANSPORT: transport }),
    ...(host !== undefined && { BEDROCK_HTTP_HOST: host }),
    ...(port !== undefined && { BEDROCK_HTTP_PORT: port }),
    ...(config !== undefined && { BEDROCK_CONFIG_FILE: config }),
    ...(sandbox && { BEDROCK_SANDBOX: 'true' }),
  };
}

/**
 * The overrides when the arguments are a plain `serve`, with or without the word; undefined for everything else, wrong
 * arguments too, which the full command line explains. Lets a client's start do without loading that.
 */
export function parseServeArguments(args: readonly string[]): SettingOverrides | undefined {
  try {
    const { values, positionals } = parseArgs({ args: [...args], options: serveOptions, allowPositionals: true });
    const isServe = positionals.length === 0 || (positionals.length === 1 && positionals[0] === 'serve');
    return isServe ? overridesOf(values) : undefined;
  } catch {
    return undefined;
  }
}
