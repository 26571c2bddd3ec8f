import { posix, win32 } from 'node:path';

/** Where a person's files are. */
export interface Places {
  readonly platform: NodeJS.Platform;
  readonly home: string;
  /** %APPDATA% on Windows. */
  readonly appData?: string;
  /** $XDG_CONFIG_HOME elsewhere. */
  readonly configHome?: string;
  /** The directory that project files are relative to. */
  readonly project: string;
}

export type Scope = 'user' | 'project';

/** A program that MCP servers can be added to, as data. */
export interface McpClient {
  readonly title: string;
  /** Which of its files is written when the caller does not say. */
  readonly scope: Scope;
  /** Path parts of the configuration file; below the home or project directory unless `base` says otherwise. */
  readonly files: { readonly [scope in Scope]?: readonly string[] };
  readonly base?: 'configuration';
  readonly format: 'json' | 'toml';
  /** The object that holds the servers. */
  readonly section: string;
  /** What this client wants beside command, args and env. */
  readonly extra: Readonly<Record<string, string | number>>;
  /** What is left to do by hand. */
  readonly next: string;
}

/** Long calls report progress, but some clients count from the start: their limit is put above the server's own. */
const longestCallSeconds = 180;

export const clients = {
  'claude-desktop': {
    title: 'Claude Desktop',
    scope: 'user',
    base: 'configuration',
    files: { user: ['Claude', 'claude_desktop_config.json'] },
    format: 'json',
    section: 'mcpServers',
    extra: {},
    next: 'Quit Claude Desktop and start it again.',
  },
  'claude-code': {
    title: 'Claude Code',
    scope: 'project',
    files: { project: ['.mcp.json'], user: ['.claude.json'] },
    format: 'json',
    section: 'mcpServers',
    extra: { type: 'stdio' },
    next: 'Start `claude` and approve the server; `/mcp` shows it.',
  },
  cursor: {
    title: 'Cursor',
    scope: 'user',
    files: { user: ['.cursor', 'mcp.json'], project: ['.cursor', 'mcp.json'] },
    format: 'json',
    section: 'mcpServers',
    extra: {},
    next: 'Cursor Settings → MCP shows the server; switch it on there.',
  },
  vscode: {
    title: 'VS Code',
    scope: 'project',
    base: 'configuration',
    files: { project: ['.vscode', 'mcp.json'], user: ['Code', 'User', 'mcp.json'] },
    format: 'json',
    section: 'servers',
    extra: { type: 'stdio' },
    next: 'Run "MCP: List Servers" in the command palette and start the server.',
  },
  kiro: {
    title: 'Kiro (IDE and CLI, formerly Amazon Q CLI)',
    scope: 'user',
    files: { user: ['.kiro', 'settings', 'mcp.json'], project: ['.kiro', 'settings', 'mcp.json'] },
    format: 'json',
    section: 'mcpServers',
    extra: { timeout: longestCallSeconds * 1_000 },
    next: 'Kiro connects by itself when the file is saved; `/mcp` shows it in the CLI.',
  },
  codex: {
    title: 'Codex',
    scope: 'user',
    files: { user: ['.codex', 'config.toml'], project: ['.codex', 'config.toml'] },
    format: 'toml',
    section: 'mcp_servers',
    extra: { tool_timeout_sec: longestCallSeconds },
    next: 'Start `codex`; `/mcp` shows the server.',
  },
  gemini: {
    title: 'Gemini CLI',
    scope: 'user',
    files: { user: ['.gemini', 'settings.json'], project: ['.gemini', 'settings.json'] },
    format: 'json',
    section: 'mcpServers',
    extra: { timeout: longestCallSeconds * 1_000 },
    next: 'Start `gemini`; `/mcp` shows the server.',
  },
} as const satisfies Readonly<Record<string, McpClient>>;

export type ClientId = keyof typeof clients;

export const clientIds = Object.keys(clients) as readonly ClientId[];

/** Absolute path of the client's file; undefined when the client has none of that scope. */
export function configurationFile(client: McpClient, scope: Scope, places: Places): string | undefined {
  const parts = client.files[scope];
  if (!parts) return undefined;
  const { join } = places.platform === 'win32' ? win32 : posix;
  if (scope === 'project') return join(places.project, ...parts);
  return join(client.base === 'configuration' ? configurationDirectory(places) : places.home, ...parts);
}

/** Where programs of this platform keep their settings. */
function configurationDirectory({ platform, home, appData, configHome }: Places): string {
  if (platform === 'win32') return appData ?? win32.join(home, 'AppData', 'Roaming');
  if (platform === 'darwin') return posix.join(home, 'Library', 'Application Support');
  return configHome ?? posix.join(home, '.config');
}
