/** How a client starts the server; the form that all clients share. */
export interface ServerEntry {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

export const packageName = 'kairos-bedrock-mcp';

/** The name under which clients list the server. */
export const serverName = 'bedrock';

/** The program that runs now, and where. */
export interface Installation {
  readonly nodePath: string;
  /** Absolute path of the file that was started. */
  readonly entryPath: string;
  readonly version: string;
  readonly platform: NodeJS.Platform;
}

/**
 * A checkout is started by its absolute path, because clients start servers in a directory of their own; an installed
 * package through npx, with its version, so that a client never gets another one by surprise.
 */
export function serverEntry(installation: Installation, env: ServerEntry['env'], args: readonly string[]): ServerEntry {
  const { nodePath, entryPath, version, platform } = installation;
  if (!isInstalledPackage(entryPath)) return { command: nodePath, args: [entryPath, ...args], env };
  return npxEntry(version, platform, env, args);
}

/** Windows finds npx only through its shell. */
export function npxEntry(
  version: string,
  platform: NodeJS.Platform,
  env: ServerEntry['env'],
  args: readonly string[] = [],
): ServerEntry {
  const npx = ['-y', `${packageName}@${version}`, ...args];
  return platform === 'win32'
    ? { command: 'cmd', args: ['/c', 'npx', ...npx], env }
    : { command: 'npx', args: npx, env };
}

const isInstalledPackage = (path: string): boolean => /[\\/]node_modules[\\/]kairos-bedrock-mcp[\\/]/.test(path);
