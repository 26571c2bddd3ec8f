import { packageName } from '../../src/cli/clients/server-entry.js';
import { settingTable } from '../../src/config/setting-table.js';
import { version } from '../../src/version.js';

/** The name under which the MCP registry knows the server; package.json has it too, as proof of ownership. */
export const registryName = 'io.github.kairos/kairos-bedrock-mcp';

/** At most 100 characters, the registry's limit. */
const description = 'Amazon Bedrock for AI agents: routing, caching, failover and budgets as MCP tools.';

/** What a person is asked when the server is installed by a click; everything else has a default. */
const asked = {
  AWS_BEDROCK_REGION: 'AWS region',
  AWS_PROFILE: 'AWS profile',
  AWS_BEARER_TOKEN_BEDROCK: 'Bedrock API key',
  BEDROCK_DAILY_COST_LIMIT: 'Daily cost limit (USD)',
  BEDROCK_SANDBOX: 'Sandbox instead of AWS (true or false)',
} as const;

/** The settings that people are asked for, as the settings themselves describe them. */
function askedSettings() {
  return Object.entries(asked).map(([name, title]) => {
    const setting = settingTable.find(({ variable }) => variable === name);
    if (!setting) throw new Error(`There is no setting ${name}.`);
    const { description: meaning, secret, defaultValue } = setting;
    return { name, title, description: meaning, isSecret: secret === 'value', defaultValue };
  });
}

/** `server.json` of the MCP registry, schema of 2025-12-11. */
export function registryManifest() {
  return {
    $schema: 'https://static.modelcontextprotocol.io/schemas/2025-12-11/server.schema.json',
    name: registryName,
    title: 'Kairos Bedrock',
    description,
    version,
    packages: [
      {
        registryType: 'npm',
        identifier: packageName,
        version,
        runtimeHint: 'npx',
        transport: { type: 'stdio' },
        environmentVariables: askedSettings().map(({ name, description: meaning, isSecret, defaultValue }) => ({
          name,
          description: meaning,
          isRequired: false,
          isSecret,
          ...(defaultValue !== undefined && {
            default: typeof defaultValue === 'string' ? defaultValue : JSON.stringify(defaultValue),
          }),
        })),
      },
    ],
  };
}

const keyOf = (variable: string): string => variable.toLowerCase();

/** `manifest.json` of an MCP bundle (.mcpb), version 0.3; the package lies below `server/`. */
export function bundleManifest(tools: readonly { readonly name: string; readonly description: string }[]) {
  const entry = `server/node_modules/${packageName}/dist/src/main.js`;
  const settings = askedSettings();
  return {
    manifest_version: '0.3',
    name: packageName,
    display_name: 'Kairos Bedrock',
    version,
    description,
    author: { name: 'Kairos' },
    license: 'MIT',
    server: {
      type: 'node',
      entry_point: entry,
      mcp_config: {
        command: 'node',
        args: [`\${__dirname}/${entry}`],
        env: Object.fromEntries(settings.map(({ name }) => [name, `\${user_config.${keyOf(name)}}`])),
      },
    },
    tools: tools.map(({ name, description: what }) => ({ name, description: what })),
    compatibility: { runtimes: { node: '>=20.19' } },
    user_config: Object.fromEntries(
      settings.map(({ name, title, description: meaning, isSecret }) => [
        keyOf(name),
        { type: 'string', title, description: meaning, required: false, sensitive: isSecret, default: '' },
      ]),
    ),
  };
}
