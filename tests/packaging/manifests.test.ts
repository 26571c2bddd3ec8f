import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { clientSnippet, installLinks } from '../../scripts/docs/client-snippets.js';
import { bundleManifest, registryManifest, registryName } from '../../scripts/packaging/manifests.js';
import { clientIds } from '../../src/cli/clients/client-list.js';
import { settingTable } from '../../src/config/setting-table.js';
import { version } from '../../src/version.js';
import { tools } from '../../tools/index.js';

const packageJson = JSON.parse(readFileSync('package.json', 'utf8'));

/** The rules of the registry for an npm package, schema of 2025-12-11. */
const registrySchema = z.strictObject({
  $schema: z.literal('https://static.modelcontextprotocol.io/schemas/2025-12-11/server.schema.json'),
  name: z.string().regex(/^[a-zA-Z0-9.-]+\/[a-zA-Z0-9._-]+$/),
  title: z.string().min(1).max(100),
  description: z.string().min(1).max(100),
  version: z.string().regex(/^\d+\.\d+\.\d+$/),
  packages: z.array(
    z.strictObject({
      registryType: z.literal('npm'),
      identifier: z.string(),
      version: z.string().regex(/^\d+\.\d+\.\d+$/),
      runtimeHint: z.literal('npx'),
      transport: z.strictObject({ type: z.enum(['stdio', 'streamable-http']) }),
      environmentVariables: z.array(
        z.strictObject({
          name: z.string(),
          description: z.string(),
          isRequired: z.boolean(),
          isSecret: z.boolean(),
          default: z.string().optional(),
        }),
      ),
    }),
  ),
});

describe('server.json', () => {
  it('keeps to the rules of the registry, and names settings that exist', () => {
    const manifest = registrySchema.parse(JSON.parse(readFileSync('server.json', 'utf8')));
    expect(manifest).toEqual(registryManifest());
    const known = settingTable.map(({ variable }) => variable);
    for (const { name } of manifest.packages[0]?.environmentVariables ?? []) expect(known).toContain(name);
  });

  it('has the names and versions of package.json', () => {
    expect(registryManifest()).toMatchObject({
      name: packageJson.mcpName,
      version: packageJson.version,
      packages: [{ identifier: packageJson.name, version: packageJson.version }],
    });
    expect(registryName).toBe(packageJson.mcpName);
  });

  it('keeps keys secret', () => {
    const variables = registryManifest().packages[0]?.environmentVariables ?? [];
    const secrets = variables.filter(({ isSecret }) => isSecret).map(({ name }) => name);
    expect(secrets).toEqual(['AWS_BEARER_TOKEN_BEDROCK']);
  });
});

describe('the bundle', () => {
  const validate = (manifest: object) => {
    const folder = mkdtempSync(join(tmpdir(), 'manifest-'));
    const file = join(folder, 'manifest.json');
    writeFileSync(file, JSON.stringify(manifest));
    const { status, stdout, stderr } = spawnSync('node_modules/.bin/mcpb', ['validate', file], { encoding: 'utf8' });
    rmSync(folder, { recursive: true });
    return { status, output: stdout + stderr };
  };

  it('has a manifest that the bundle tool accepts', () => {
    const manifest = bundleManifest(tools);
    expect(validate(manifest)).toMatchObject({ status: 0 });
    expect(validate({ ...manifest, name: undefined })).toMatchObject({ status: 1 });
    expect(manifest.version).toBe(packageJson.version);
    expect(manifest.tools.map(({ name }) => name)).toEqual(tools.map(({ name }) => name));
  });

  it('hands each answer of the person to the server, and asks for keys as for passwords', () => {
    const { server, user_config: asked } = bundleManifest(tools);
    const used = Object.values(server.mcp_config.env).map((text) => /^\$\{user_config\.(\w+)\}$/.exec(text)?.[1]);
    expect(used).toEqual(Object.keys(asked));
    expect(asked['aws_bearer_token_bedrock']).toMatchObject({ sensitive: true });
    expect(asked['aws_profile']).toMatchObject({ sensitive: false });
  });
});

describe('snippets and links of the README', () => {
  it.each(clientIds)('%s', (id) => {
    expect(clientSnippet(id)).toMatchSnapshot();
  });

  it('hold the same server in every link', () => {
    const config = (client: string) => new URL(installLinks()[client] ?? '').searchParams.get('config') ?? '';
    const server = JSON.parse(config('VS Code'));
    expect(server).toMatchObject({ command: 'npx', args: ['-y', `kairos-bedrock-mcp@${version}`] });
    expect(JSON.parse(config('Kiro'))).toEqual(server);
    expect(JSON.parse(Buffer.from(config('Cursor'), 'base64').toString())).toEqual(server);
    expect(readFileSync('README.md', 'utf8')).toContain(installLinks()['Cursor']);
  });
});
