import type { Migration, SqlWords } from './migration.js';

/**
 * Intents before attempts, sums by every dimension, and a place for what a remote database could not take yet.
 * `unfolded` is set until a row is part of `spend_totals`: 1 waits, 2 is being added, null is in.
 */
export const twoPhaseLedger: Migration = {
  name: 'two-phase ledger',
  statements: (words) => [
    ...newColumns(words),
    ...(words.dialect === 'sqlite' ? tagsIntoRows : []),
    'CREATE INDEX attempts_by_request ON attempts (request_id)',
    'CREATE INDEX attempts_unfolded ON attempts (unfolded, at_ms) WHERE unfolded IS NOT NULL',
    ...newTables(words),
  ],
};

function newColumns({ integer }: SqlWords): readonly string[] {
  const columns = [
    'service_tier TEXT',
    "tags TEXT NOT NULL DEFAULT '{}'",
    'price_version TEXT',
    `input_nano ${integer}`,
    `output_nano ${integer}`,
    `cache_read_nano ${integer}`,
    `cache_write_nano ${integer}`,
    `other_nano ${integer}`,
    `recovered ${integer} NOT NULL DEFAULT 0`,
    `call_count ${integer} NOT NULL DEFAULT 1`,
    `unfolded ${integer} DEFAULT 1`,
  ];
  return columns.map((column) => `ALTER TABLE attempts ADD COLUMN ${column}`);
}

const tagsIntoRows = [
  'DROP TRIGGER attempts_add_up',
  'DROP TABLE hourly_spend',
  `UPDATE attempts SET tags = (
    SELECT json_group_object(name, value) FROM attempt_tags WHERE attempt_tags.attempt_id = attempts.attempt_id
  ) WHERE attempt_id IN (SELECT attempt_id FROM attempt_tags)`,
  'DROP TABLE attempt_tags',
  'UPDATE attempts SET call_count = 0 WHERE rowid NOT IN (SELECT MIN(rowid) FROM attempts GROUP BY request_id)',
];

const newTables = ({ dialect, integer, strict, keyed }: SqlWords): readonly string[] => [
  `CREATE TABLE intents (
    attempt_id TEXT PRIMARY KEY,
    process_id TEXT NOT NULL,
    expires_at_ms ${integer} NOT NULL,
    request_id TEXT NOT NULL,
    at_ms ${integer} NOT NULL,
    caller TEXT NOT NULL,
    session TEXT,
    task TEXT,
    model TEXT NOT NULL,
    provider TEXT NOT NULL,
    region TEXT NOT NULL,
    profile TEXT,
    service_tier TEXT,
    source TEXT NOT NULL,
    tags TEXT NOT NULL,
    input_tokens ${integer} NOT NULL,
    output_tokens ${integer} NOT NULL,
    total_tokens ${integer} NOT NULL,
    cost_nano ${integer} NOT NULL,
    price_version TEXT
  ) ${keyed}`,
  'CREATE INDEX intents_by_process ON intents (process_id)',
  `CREATE TABLE processes (
    process_id TEXT PRIMARY KEY,
    host TEXT NOT NULL,
    pid ${integer} NOT NULL,
    alive_until_ms ${integer} NOT NULL
  ) ${keyed}`,
  `CREATE TABLE spend_totals (
    span_ms ${integer} NOT NULL,
    dimension TEXT NOT NULL,
    at_ms ${integer} NOT NULL,
    key TEXT NOT NULL,
    ${totals.map((name) => `${name} ${integer} NOT NULL`).join(',\n    ')},
    PRIMARY KEY (span_ms, dimension, at_ms, key)
  ) ${keyed}`,
  `CREATE TABLE spool (
    seq ${dialect === 'sqlite' ? 'INTEGER PRIMARY KEY AUTOINCREMENT' : 'BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY'},
    process_id TEXT NOT NULL,
    payload TEXT NOT NULL
  ) ${strict}`,
  'CREATE INDEX spool_by_process ON spool (process_id, seq)',
];

const totals = [
  'calls',
  'attempts',
  'cost_nano',
  'saved_nano',
  'input_tokens',
  'output_tokens',
  'cache_read_tokens',
  'cache_write_tokens',
  'cache_write_1h_tokens',
  'total_tokens',
  'usage_estimated',
];
