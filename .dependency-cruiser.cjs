/*
 * The import rules of docs/architecture.md. tests/architecture/import-rules.test.ts plants a violation of each and sees
 * it fail, because a rule that matches nothing passes without a word.
 */
const domains = [
  'alerts',
  'bedrock',
  'caching',
  'cli',
  'config',
  'cost',
  'jobs',
  'models',
  'observability',
  'reporting',
  'resilience',
  'routing',
  'sandbox',
  'security',
  'server',
  'sessions',
];
const domain = `^src/(${domains.join('|')})/`;
/** Redis and SQL, which only the stores and ledgers of a domain use. */
const storage = '^src/storage/';
const joiners =
  '^src/(main|serve|start-application|command-line|compose|compose-[a-z-]+|backend|service|request-processor)\\.ts$';
const packages = (...names) => `node_modules/(${names.join('|')})/`;

const onlyIn = (name, place, ...names) => ({
  name,
  comment: `${names.join(', ')} is imported in one place`,
  severity: 'error',
  from: { path: '^(src|tools)/', pathNot: place },
  to: { path: packages(...names) },
});

module.exports = {
  forbidden: [
    {
      name: 'core-imports-only-zod',
      severity: 'error',
      from: { path: '^src/core/' },
      to: { pathNot: ['^src/core/', packages('zod'), '^node:timers/promises$', '^timers/promises$'] },
    },
    {
      name: 'domains-do-not-import-each-other',
      severity: 'error',
      from: { path: domain },
      to: { path: '^src/', pathNot: ['^src/core/', '^src/$1/', storage] },
    },
    {
      name: 'storage-is-used-by-stores-and-ledgers',
      severity: 'error',
      from: {
        path: '^(src|tools)/',
        pathNot: [storage, '^src/[^/]+/(stores|ledgers)/', '^src/[^/]+/[^/]+/stores/', joiners],
      },
      to: { path: storage },
    },
    {
      name: 'storage-imports-core',
      severity: 'error',
      from: { path: storage },
      to: { path: '^src/', pathNot: ['^src/core/', storage] },
    },
    {
      name: 'only-the-composition-joins-domains',
      severity: 'error',
      from: { path: '^(src|tools)/', pathNot: [domain, joiners, storage, '^src/core/'] },
      to: { path: domain, pathNot: '^src/server/define-(tool|resource|prompt)\\.ts$' },
    },
    {
      name: 'tools-import-core-and-define-tool',
      severity: 'error',
      from: { path: '^tools/' },
      to: {
        path: '^(src|node_modules)/',
        pathNot: ['^src/core/', '^src/server/define-(tool|resource|prompt)\\.ts$', packages('zod')],
      },
    },
    {
      name: 'only-main-imports-tools',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/main\\.ts$' },
      to: { path: '^tools/' },
    },
    onlyIn('aws-sdk-in-bedrock', '^src/bedrock/', '@aws-sdk', '@smithy'),
    onlyIn('mcp-sdk-in-server', '^src/(server|client)/', '@modelcontextprotocol'),
    onlyIn('keyv-in-stores', '^src/[^/]+/(stores|ledgers)/', 'keyv'),
    onlyIn(
      'databases-in-storage',
      '^src/(storage|[^/]+/(stores|ledgers))/',
      '@keyv',
      '@redis',
      'redis',
      'libsql',
      'kysely',
      'pg',
    ),
    onlyIn('resilience-libraries-in-resilience', '^src/resilience/', 'opossum', 'p-retry'),
    onlyIn('webhook-libraries-in-alerts', '^src/alerts/', 'ipaddr\\.js', 'standardwebhooks'),
    onlyIn('jose-in-auth', '^src/server/auth/', 'jose'),
    onlyIn('winston-in-logger', '^src/observability/logger\\.ts$', 'winston'),
    onlyIn(
      'report-libraries-in-reporting',
      '^src/reporting/',
      'csv-stringify',
      '@observablehq',
      '@resvg',
      'linkedom',
      '@expo-google-fonts',
    ),
    onlyIn('commander-in-cli', '^src/cli/', 'commander', 'cli-table3'),
    {
      name: 'no-cycles',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'no-orphans',
      severity: 'error',
      from: { orphan: true, path: '^(src|tools)/' },
      to: {},
    },
    {
      name: 'nothing-imports-tests',
      severity: 'error',
      from: { path: '^(src|tools|scripts)/' },
      to: { path: '^tests/' },
    },
    {
      name: 'every-import-resolves',
      comment: 'An import that cannot be resolved would pass every other rule.',
      severity: 'error',
      from: { path: '^(src|tools)/' },
      to: { couldNotResolve: true },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default', 'types'] },
  },
};
