import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { findDrift, generateDocs, replaceSection } from '../../scripts/docs/generated-docs.js';
import { schemaType } from '../../scripts/docs/json-schema-type.js';
import { cell } from '../../scripts/docs/markdown.js';
import { settingTable } from '../../src/config/setting-table.js';
import { errorCategories } from '../../src/core/errors.js';
import { tools } from '../../tools/index.js';

const readme = `# Title

<!-- generated:tools -->
old
<!-- /generated:tools -->

Words between.

<!-- generated:settings -->
<!-- /generated:settings -->
`;

let root = '';
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'docs-'));
  writeFileSync(join(root, 'README.md'), readme);
});
afterAll(() => {
  rmSync(root, { recursive: true });
});

function generate(...args: string[]) {
  const script = ['--import', 'tsx', 'scripts/generate-docs.ts', '--root', root, ...args];
  const { status, stderr } = spawnSync(process.execPath, script, { encoding: 'utf8', timeout: 30_000 });
  return { status, stderr };
}

describe('generate-docs', () => {
  it('writes everything, then finds nothing to do, then notices each drift', async () => {
    const missing = generate('--check');
    expect(missing.status).toBe(1);
    expect(missing.stderr).toContain('docs/reference/settings.md');
    expect(generate().status).toBe(0);
    expect(generate('--check')).toMatchObject({ status: 0 });

    const files = await generateDocs(root, tools);
    expect(await findDrift(root, files)).toEqual([]);
    for (const path of files.keys()) {
      const before = readFileSync(join(root, path), 'utf8');
      writeFileSync(join(root, path), before.replace(/\| --- \||"packages"/, 'changed'));
      const again = await generateDocs(root, tools);
      expect(await findDrift(root, again)).toEqual([path]);
      writeFileSync(join(root, path), before);
    }
    writeFileSync(join(root, 'docs/reference/errors.md'), 'something else');
    expect(generate('--check')).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('docs/reference/errors.md'),
    });
  });

  it('tells of every tool, setting and error category', async () => {
    const files = await generateDocs(root, tools);
    const text = (path: string) => files.get(path) ?? '';
    for (const { name } of tools) {
      expect(text('docs/reference/tools.md')).toContain(`## \`${name}\``);
      expect(text('README.md')).toContain(`| \`${name}\` |`);
    }
    for (const { variable } of settingTable) {
      expect(text('docs/reference/settings.md')).toContain(`| \`${variable}\` |`);
      expect(text('README.md')).toContain(`| \`${variable}\` |`);
    }
    for (const category of errorCategories) expect(text('docs/reference/errors.md')).toContain(`| \`${category}\` |`);
    expect(text('README.md')).toContain('Words between.');
    expect(text('README.md')).not.toMatch(/\bold\b/);
  });

  it('shows durations in the unit in which they are given', async () => {
    const settings = (await generateDocs(root, tools)).get('docs/reference/settings.md') ?? '';
    expect(settings).toMatch(/`BEDROCK_FIRST_TOKEN_TIMEOUT` \| seconds, from 0.1 to 3600 \| `5` \|/);
  });

  it('leaves a text without markers, or with only the first, alone', () => {
    expect(replaceSection('no markers', 'tools', 'x')).toBe('no markers');
    expect(replaceSection('<!-- generated:tools -->', 'tools', 'x')).toBe('<!-- generated:tools -->');
  });

  it('does without a README', async () => {
    expect([...(await generateDocs(join(root, 'docs'), tools)).keys()]).not.toContain('README.md');
  });
});

describe('schemaType', () => {
  it.each([
    [{ type: 'string' }, 'string'],
    [{ enum: ['a', 'b'] }, '"a", "b"'],
    [{ const: 1 }, '1'],
    [{ type: 'integer', minimum: 1, maximum: 5 }, 'integer, 1 to 5'],
    [{ type: 'number', exclusiveMinimum: 0 }, 'number, from 0'],
    [{ type: 'number', maximum: 3 }, 'number, to 3'],
    [{ type: 'array', items: { type: 'string' } }, 'array of string'],
    [{ anyOf: [{ type: 'string' }, { type: 'array', items: { type: 'object' } }] }, 'string or array of object'],
    [{}, 'any'],
    [undefined, 'any'],
  ])('%j is %s', (schema, expected) => {
    expect(schemaType(schema)).toBe(expected);
  });

  it('follows references, at any depth', () => {
    const definitions = { one: { type: 'array', items: { $ref: '#/$defs/two' } }, two: { type: 'boolean' } };
    expect(schemaType({ $ref: '#/$defs/one' }, definitions)).toBe('array of boolean');
  });

  it('keeps a cell in its cell', () => {
    expect(cell('a | b\n  c')).toBe('a \\| b c');
  });
});
