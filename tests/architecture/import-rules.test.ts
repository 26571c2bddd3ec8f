import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

interface Violation {
  readonly from: string;
  readonly rule: { readonly name: string };
}

const run = promisify(execFile);
const root = resolve('.');
const rules = createRequire(join(root, 'package.json'))('./.dependency-cruiser.cjs') as {
  forbidden: readonly { name: string }[];
};

/** One file a rule, each with the one import that breaks it. */
const planted: Readonly<Record<string, { readonly file: string; readonly code: string }>> = {
  'core-imports-only-zod': { file: 'src/core/bad.ts', code: `import 'winston';` },
  'domains-do-not-import-each-other': { file: 'src/cost/bad.ts', code: `import '../models/fine.js';` },
  'storage-is-used-by-stores-and-ledgers': {
    file: 'src/cost/bad-store.ts',
    code: `import '../storage/fine.js';`,
  },
  'storage-imports-core': { file: 'src/storage/bad.ts', code: `import '../models/fine.js';` },
  'only-the-composition-joins-domains': { file: 'src/stray.ts', code: `import './models/fine.js';` },
  'tools-import-core-and-define-tool': { file: 'tools/bad.ts', code: `import '../src/service.js';` },
  'only-main-imports-tools': { file: 'src/server/bad.ts', code: `import '../../tools/fine.js';` },
  'aws-sdk-in-bedrock': { file: 'src/models/bad-aws.ts', code: `import '@aws-sdk/client-bedrock-runtime';` },
  'mcp-sdk-in-server': { file: 'src/models/bad-mcp.ts', code: `import '@modelcontextprotocol/sdk/types.js';` },
  'keyv-in-stores': { file: 'src/caching/bad.ts', code: `import 'keyv';` },
  'databases-in-storage': { file: 'src/caching/bad-redis.ts', code: `import '@keyv/redis';` },
  'jose-in-auth': { file: 'src/server/bad-jose.ts', code: `import 'jose';` },
  'resilience-libraries-in-resilience': { file: 'src/routing/bad.ts', code: `import 'opossum';` },
  'winston-in-logger': { file: 'src/observability/bad.ts', code: `import 'winston';` },
  'report-libraries-in-reporting': { file: 'src/cost/bad-report.ts', code: `import 'linkedom';` },
  'webhook-libraries-in-alerts': { file: 'src/cost/bad-webhook.ts', code: `import 'standardwebhooks';` },
  'commander-in-cli': { file: 'src/models/bad-cli.ts', code: `import 'commander';` },
  'no-cycles': { file: 'src/models/cycle-a.ts', code: `import './cycle-b.js';\nexport const a = 1;` },
  'no-orphans': { file: 'src/models/lonely.ts', code: 'export const alone = 1;' },
  'nothing-imports-tests': { file: 'src/models/bad-test.ts', code: `import '../../tests/fine.js';` },
  'every-import-resolves': { file: 'src/models/bad-name.ts', code: `import './no-such-file.js';` },
};

const innocent: Readonly<Record<string, string>> = {
  'src/core/fine.ts': `import { z } from 'zod';\nexport const fine = z.string();`,
  'src/models/fine.ts': `import { fine } from '../core/fine.js';\nexport const model = fine;`,
  'src/models/cycle-b.ts': `import './cycle-a.js';\nexport const b = 1;`,
  'src/storage/fine.ts': `import '@keyv/redis';\nimport '../core/fine.js';`,
  'src/cost/ledgers/fine.ts': `import '../../storage/fine.js';`,
  'src/service.ts': `import './core/fine.js';\nimport './models/fine.js';`,
  'src/main.ts': `import './service.js';\nimport '../tools/fine.js';`,
  'src/resilience/fine.ts': `import 'opossum';\nimport '../core/fine.js';`,
  'tools/fine.ts': `import '../src/core/fine.js';`,
  'tests/fine.ts': `import '../src/service.js';`,
};

describe('import rules', () => {
  let violations: readonly Violation[];
  let folder: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'import-rules-'));
    const files = { ...innocent, ...Object.fromEntries(Object.values(planted).map(({ file, code }) => [file, code])) };
    for (const [file, code] of Object.entries(files)) {
      await mkdir(dirname(join(folder, file)), { recursive: true });
      await writeFile(join(folder, file), code);
    }
    await symlink(join(root, 'node_modules'), join(folder, 'node_modules'));
    await symlink(join(root, 'tsconfig.json'), join(folder, 'tsconfig.json'));
    const cruiser = join(root, 'node_modules/dependency-cruiser/bin/dependency-cruise.mjs');
    const { stdout } = await run(
      process.execPath,
      [cruiser, '--config', join(root, '.dependency-cruiser.cjs'), '--output-type', 'json', 'src', 'tools'],
      { cwd: folder, maxBuffer: 32 * 1024 * 1024 },
    ).catch((error: { stdout: string }) => error);
    violations = (JSON.parse(stdout) as { summary: { violations: readonly Violation[] } }).summary.violations;
  }, 60_000);

  afterAll(() => rm(folder, { recursive: true, force: true }));

  it('has a planted violation for every rule', () => {
    expect(Object.keys(planted).sort()).toEqual(rules.forbidden.map((rule) => rule.name).sort());
  });

  it.each(Object.keys(planted))('%s refuses what breaks it', (name) => {
    const found = violations.filter((violation) => violation.rule.name === name).map((violation) => violation.from);
    expect(found).toContain(planted[name]?.file);
  });

  it('finds nothing wrong with files that keep the rules', () => {
    const blamed = new Set(violations.map((violation) => violation.from));
    const wronglyBlamed = Object.keys(innocent).filter((file) => blamed.has(file) && file !== 'src/models/cycle-b.ts');
    expect(wronglyBlamed).toEqual([]);
  });
});
