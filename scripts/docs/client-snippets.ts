import { type ClientId, clientIds, clients, type McpClient } from '../../src/cli/clients/client-list.js';
import { mergeJson } from '../../src/cli/clients/merge-json.js';
import { mergeToml } from '../../src/cli/clients/merge-toml.js';
import { npxEntry, packageName, serverName } from '../../src/cli/clients/server-entry.js';
import { version } from '../../src/version.js';
import { code, table } from './markdown.js';

/** What a new user should see in the configuration: where to call, and what may be spent. */
const env = { AWS_BEDROCK_REGION: 'us-east-1', BEDROCK_DAILY_COST_LIMIT: '10' };
const server = npxEntry(version, 'linux', env);

/** Every client's configuration holding nothing but this server. */
export function clientSnippet(id: ClientId): string {
  const client: McpClient = clients[id];
  const addition = { section: client.section, name: serverName, entry: { ...client.extra, ...server } };
  const merged = client.format === 'toml' ? mergeToml('', addition) : mergeJson('', addition);
  if ('problem' in merged) throw new Error(merged.problem);
  return merged.text.trimEnd();
}

/** Links that add the server to a client when they are clicked. */
export function installLinks(): Readonly<Record<string, string>> {
  const config = JSON.stringify(server);
  const query = (parameters: Record<string, string>) => new URLSearchParams(parameters).toString();
  return {
    'VS Code': `https://vscode.dev/redirect/mcp/install?${query({ name: serverName, config })}`,
    Cursor: `https://cursor.com/en/install-mcp?${query({ name: serverName, config: Buffer.from(config).toString('base64') })}`,
    Kiro: `https://kiro.dev/launch/mcp/add?${query({ name: serverName, config })}`,
  };
}

const badge = ([client, link]: readonly [string, string]): string =>
  `[![Add to ${client}](https://img.shields.io/badge/Add_to-${client.replace(' ', '_')}-blue)](${link})`;

function fileOf({ files, base, scope }: McpClient): string {
  const parts = files[scope]?.join('/') ?? '';
  if (scope === 'project') return `${code(parts)} of the project`;
  return base === 'configuration' ? `${code(parts)} among the user's application settings` : code(`~/${parts}`);
}

/** The README's section on clients. */
export function clientSummary(): string {
  const rows = clientIds.map((id) => [clients[id].title, code(`${packageName} init ${id}`), fileOf(clients[id])]);
  return [
    Object.entries(installLinks()).map(badge).join(' '),
    table(['client', 'command', 'file'], rows),
    `What it adds, for most of them (${clients['claude-desktop'].title}, ${clients.cursor.title}, …):`,
    `\`\`\`json\n${clientSnippet('claude-desktop')}\n\`\`\``,
  ].join('\n\n');
}
