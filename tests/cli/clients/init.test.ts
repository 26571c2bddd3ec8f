import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { clientIds, clients, configurationFile } from '../../../src/cli/clients/client-list.js';
import type { InstalledServer } from '../../../src/cli/dependencies.js';
import { run } from '../fake-command-line.js';

let home: string;
let installation: InstalledServer;
beforeEach(() => {
  home = realpathSync(mkdtempSync(join(tmpdir(), 'init-')));
  installation = {
    nodePath: '/usr/bin/node',
    entryPath: '/opt/kairos/dist/src/main.js',
    version: '1.2.3',
    platform: 'linux',
    harmlessTools: ['bedrock_route', 'bedrock_health'],
    places: { platform: 'linux', home, project: join(home, 'project') },
  };
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

const init = (...args: string[]) => run(['init', ...args], { installation });
const started = { command: '/usr/bin/node', args: ['/opt/kairos/dist/src/main.js'] };

describe('init', () => {
  it('lists the clients and their files', async () => {
    const { exitCode, out } = await init();
    expect(exitCode).toBe(0);
    for (const id of clientIds) expect(out).toContain(id);
    expect(out).toContain(join(home, '.config', 'Claude', 'claude_desktop_config.json'));
  });

  it.each(clientIds)('prints what it adds for %s', async (id) => {
    const { exitCode, out } = await init(id, '--region', 'eu-west-1', '--print');
    expect(exitCode).toBe(0);
    expect(out).toMatchSnapshot();
    expect(readdirSync(home)).toEqual([]);
  });

  it.each(clientIds)('writes the file of %s, then finds it as it should be', async (id) => {
    const file = configurationFile(clients[id], clients[id].scope, installation.places) ?? '';
    const first = await init(id, '--profile', 'work');
    expect(first.exitCode).toBe(0);
    expect(first.out).toContain(file);
    expect(first.err).toContain('bedrock_route, bedrock_health');
    const text = readFileSync(file, 'utf8');
    expect(text).toContain('/opt/kairos/dist/src/main.js');
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const second = await init(id, '--profile', 'work');
    expect(second.out).toContain('knows this server already');
    expect(readFileSync(file, 'utf8')).toBe(text);
    expect(readdirSync(dirname(file))).toHaveLength(1);
  });

  it('keeps what is there, its rights and a copy of it', async () => {
    const file = join(home, '.cursor', 'mcp.json');
    mkdirSync(dirname(file));
    const before = '{ "mcpServers": { "other": { "command": "x" } } }';
    writeFileSync(file, before);
    chmodSync(file, 0o640);
    const { out } = await init('cursor', '--sandbox', '--env', 'BEDROCK_OPTIMIZE=cost');
    expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual({
      mcpServers: {
        other: { command: 'x' },
        bedrock: { ...started, args: [...started.args, 'serve', '--sandbox'], env: { BEDROCK_OPTIMIZE: 'cost' } },
      },
    });
    expect(statSync(file).mode & 0o777).toBe(0o640);
    const backup = `${file}.backup-20261123-120000`;
    expect(out).toContain(backup);
    expect(readFileSync(backup, 'utf8')).toBe(before);
  });

  it('writes through a link to the file behind it', async () => {
    const real = join(home, 'dotfiles.json');
    writeFileSync(real, '{}');
    mkdirSync(join(home, '.cursor'));
    symlinkSync(real, join(home, '.cursor', 'mcp.json'));
    await init('cursor');
    expect(readFileSync(real, 'utf8')).toContain('bedrock');
    expect(realpathSync(join(home, '.cursor', 'mcp.json'))).toBe(real);
  });

  it('leaves a file alone that it does not understand', async () => {
    const file = join(home, '.gemini', 'settings.json');
    mkdirSync(dirname(file));
    writeFileSync(file, '{ "mcpServers": ');
    const { exitCode, err } = await init('gemini');
    expect(exitCode).toBe(1);
    expect(err).toContain(`${file} was left alone`);
    expect(err).toContain('in line 1');
    expect(readFileSync(file, 'utf8')).toBe('{ "mcpServers": ');
    expect(readdirSync(dirname(file))).toHaveLength(1);
  });

  it('says when a file cannot be written', async () => {
    writeFileSync(join(home, '.kiro'), 'a file where a directory should be');
    const { exitCode, err } = await init('kiro');
    expect(exitCode).toBe(2);
    expect(err).toContain('cannot be written: ENOTDIR');
  });

  it('prints JSON for programs', async () => {
    const { out } = await init('claude-code', '--json');
    const file = join(home, 'project', '.mcp.json');
    expect(JSON.parse(out)).toEqual({ client: 'claude-code', scope: 'project', state: 'written', file });
    expect(existsSync(file)).toBe(true);
  });

  it.each([
    [['netscape'], 'There is no client "netscape". Known: claude-desktop'],
    [['claude-desktop', '--scope', 'project'], 'Claude Desktop has no configuration file for --scope project'],
    [['cursor', '--env', 'novalue'], '--env takes NAME=VALUE, not "novalue"'],
    [['cursor', '--env', 'AWS_SECRET_ACCESS_KEY=abc'], 'AWS_SECRET_ACCESS_KEY is a secret'],
    [['cursor', '--scope', 'planet'], 'Allowed choices are user, project'],
  ])('%j is refused', async (args, message) => {
    const { exitCode, err } = await init(...args);
    expect(exitCode).toBe(2);
    expect(err).toContain(message);
    expect(err).not.toContain('abc');
    expect(readdirSync(home)).toEqual([]);
  });

  it('does not connect a server that would not start', async () => {
    const loadSettings = () => Promise.resolve({ ok: false as const, problems: ['BEDROCK_OPTIMIZE is wrong.'] });
    const args = ['init', 'cursor', '--env', 'BEDROCK_OPTIMIZE=x'];
    const { exitCode, err } = await run(args, { installation, loadSettings });
    expect(exitCode).toBe(2);
    expect(err).toContain('BEDROCK_OPTIMIZE is wrong.');
    expect(readdirSync(home)).toEqual([]);
  });

  it.each([
    ['linux', 'npx', ['-y', 'kairos-bedrock-mcp@1.2.3']],
    ['win32', 'cmd', ['/c', 'npx', '-y', 'kairos-bedrock-mcp@1.2.3']],
  ] as const)('starts an installed package through npx on %s', async (platform, command, args) => {
    const entryPath = '/usr/lib/node_modules/kairos-bedrock-mcp/dist/src/main.js';
    const { out } = await run(['init', 'cursor', '--print'], {
      installation: { ...installation, entryPath, platform },
    });
    expect(JSON.parse(out)).toEqual({ mcpServers: { bedrock: { command, args, env: {} } } });
  });
});

describe('where clients keep their settings', () => {
  const windows = { platform: 'win32', home: 'C:\\Users\\a', project: 'D:\\p' } as const;
  const mac = { platform: 'darwin', home: '/Users/a', project: '/p' } as const;
  const linux = { platform: 'linux', home: '/home/a', configHome: '/home/a/cfg', project: '/p' } as const;

  it.each([
    ['claude-desktop', 'user', windows, 'C:\\Users\\a\\AppData\\Roaming\\Claude\\claude_desktop_config.json'],
    ['claude-desktop', 'user', { ...windows, appData: 'E:\\R' }, 'E:\\R\\Claude\\claude_desktop_config.json'],
    ['claude-desktop', 'user', mac, '/Users/a/Library/Application Support/Claude/claude_desktop_config.json'],
    ['claude-desktop', 'user', linux, '/home/a/cfg/Claude/claude_desktop_config.json'],
    ['vscode', 'user', mac, '/Users/a/Library/Application Support/Code/User/mcp.json'],
    ['vscode', 'project', windows, 'D:\\p\\.vscode\\mcp.json'],
    ['codex', 'user', linux, '/home/a/.codex/config.toml'],
    ['kiro', 'project', linux, '/p/.kiro/settings/mcp.json'],
    ['claude-desktop', 'project', linux, undefined],
  ] as const)('%s, %s', (id, scope, places, file) => {
    expect(configurationFile(clients[id], scope, places)).toBe(file);
  });
});
