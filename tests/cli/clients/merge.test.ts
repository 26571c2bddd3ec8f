import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { parse as parseJsonc } from 'jsonc-parser';
import { parse as parseToml, stringify as toToml } from 'smol-toml';
import type { Merged } from '../../../src/cli/clients/merge.js';
import { mergeJson } from '../../../src/cli/clients/merge-json.js';
import { mergeToml } from '../../../src/cli/clients/merge-toml.js';

const entry = { command: 'node', args: ['/opt/main.js'], env: { AWS_PROFILE: 'work' } };
const json = { section: 'mcpServers', name: 'bedrock', entry };
const toml = { section: 'mcp_servers', name: 'bedrock', entry };

function textOf(merged: Merged): string {
  if ('problem' in merged) throw new Error(merged.problem);
  return merged.text;
}

describe('JSON', () => {
  it.each([[''], ['  \n'], ['{}'], ['{"mcpServers":{}}']])('puts the server into %j', (text) => {
    expect(parseJsonc(textOf(mergeJson(text, json)))).toEqual({ mcpServers: { bedrock: entry } });
  });

  it('keeps comments, order, indentation and other servers', () => {
    const text =
      '{\n\t// mine\n\t"theme": "dark",\n\t"mcpServers": {\n\t\t"other": { "url": "https://x" }, // keep\n\t}\n}\n';
    const merged = textOf(mergeJson(text, json));
    expect(merged).toContain('// mine');
    expect(merged).toContain('// keep');
    expect(merged).toContain('\n\t\t"bedrock": {');
    expect(parseJsonc(merged)).toMatchObject({
      theme: 'dark',
      mcpServers: { other: { url: 'https://x' }, bedrock: entry },
    });
  });

  it('keeps what somebody added to our entry, and replaces an entry of another transport', () => {
    const env = { BEDROCK_OPTIMIZE: 'cost', AWS_PROFILE: 'old' };
    const added = { command: 'old', args: ['x'], disabled: true, env };
    const merged = parseJsonc(textOf(mergeJson(JSON.stringify({ mcpServers: { bedrock: added } }), json)));
    expect(merged.mcpServers.bedrock).toEqual({
      ...entry,
      disabled: true,
      env: { BEDROCK_OPTIMIZE: 'cost', AWS_PROFILE: 'work' },
    });
    const remote = JSON.stringify({ mcpServers: { bedrock: { url: 'https://x', headers: {} } } });
    expect(parseJsonc(textOf(mergeJson(remote, json)))).toEqual({ mcpServers: { bedrock: entry } });
  });

  it.each([
    ['{"a": 1,, }', /in line 1/],
    ['{\n"a": [1\n', /in line/],
    ['[]', /no JSON object/],
    ['{"mcpServers": []}', /"mcpServers" is no object/],
  ])('refuses %j', (text, problem) => {
    expect(mergeJson(text, json)).toEqual({ problem: expect.stringMatching(problem) });
  });

  it('changes nothing the second time', () => {
    const once = textOf(mergeJson('{ "a": 1 }', json));
    expect(mergeJson(once, json)).toEqual({ text: once });
  });

  it('keeps everything else of any settings', () => {
    const keys = fc.string({ minLength: 1 }).filter((key) => key !== '__proto__' && key !== 'mcpServers');
    fc.assert(
      fc.property(fc.dictionary(keys, fc.jsonValue()), (settings) => {
        const merged = JSON.parse(textOf(mergeJson(JSON.stringify(settings, null, 2), json)));
        expect(merged).toEqual({ ...JSON.parse(JSON.stringify(settings)), mcpServers: { bedrock: entry } });
      }),
      { numRuns: 200 },
    );
  });
});

describe('TOML', () => {
  const others = '# mine\nmodel = "o9"\n\n[mcp_servers.other] # keep\ncommand = "x"\n\n[profiles.fast]\nmodel = "o8"\n';

  it('adds tables of its own below what is there', () => {
    const merged = textOf(mergeToml(others, toml));
    expect(merged.startsWith(others.trimEnd())).toBe(true);
    expect(parseToml(merged)).toMatchObject({
      mcp_servers: { other: { command: 'x' }, bedrock: entry },
      profiles: { fast: { model: 'o8' } },
    });
  });

  it('replaces its own tables, wherever they stand, and keeps what somebody added to them', () => {
    const ours = '\n[mcp_servers.bedrock]\ncommand = "old"\nenabled = false\n\n[mcp_servers.bedrock.env]\nX = "1"\n\n';
    const [head = '', tail = ''] = others.split('\n[profiles');
    const merged = textOf(mergeToml(`${head}${ours}[profiles${tail}`, toml));
    expect(merged).toContain('# mine');
    expect(parseToml(merged)).toMatchObject({
      model: 'o9',
      mcp_servers: {
        other: { command: 'x' },
        bedrock: { ...entry, enabled: false, env: { X: '1', AWS_PROFILE: 'work' } },
      },
      profiles: { fast: { model: 'o8' } },
    });
  });

  it('changes nothing the second time', () => {
    const once = textOf(mergeToml(others, toml));
    expect(mergeToml(once, toml)).toEqual({ text: once });
  });

  it.each([
    ['model = ', /wrong TOML in line 1/],
    ['mcp_servers = { bedrock = { command = "x" } }', /not written as a table of its own/],
    ['mcp_servers.bedrock.command = "x"\n', /not written as a table of its own/],
  ])('leaves %j alone', (text, problem) => {
    expect(mergeToml(text, toml)).toEqual({ problem: expect.stringMatching(problem) });
  });

  it('keeps everything else of any settings', () => {
    const value = fc.oneof(fc.string(), fc.boolean(), fc.integer({ min: -1_000_000, max: 1_000_000 }));
    const keys = fc.stringMatching(/^[a-z_]{1,8}$/).filter((key) => key !== 'mcp_servers' && key !== '__proto__');
    const settings = fc.dictionary(keys, fc.oneof(value, fc.dictionary(keys, value)));
    fc.assert(
      fc.property(settings, (table) => {
        const merged = parseToml(textOf(mergeToml(toToml(table), toml)));
        expect(merged).toEqual({ ...parseToml(toToml(table)), mcp_servers: { bedrock: entry } });
      }),
      { numRuns: 200 },
    );
  });
});
