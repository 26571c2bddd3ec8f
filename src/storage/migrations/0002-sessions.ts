import type { Migration } from './migration.js';

/** The session of an attempt, and when its row was written. */
export const sessions: Migration = {
  name: 'sessions',
  statements: ({ integer }) => [
    'ALTER TABLE attempts ADD COLUMN session TEXT',
    `ALTER TABLE attempts ADD COLUMN written_at_ms ${integer} NOT NULL DEFAULT 0`,
    'CREATE INDEX attempts_by_writing ON attempts (written_at_ms)',
  ],
};
