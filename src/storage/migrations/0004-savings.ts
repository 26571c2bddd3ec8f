import type { Migration } from './migration.js';

/** What the prompt cache and the choice of the model saved. */
export const savings: Migration = {
  name: 'savings',
  statements: ({ integer }) =>
    ['attempts', 'spend_totals'].flatMap((table) =>
      ['prompt_cache_saved_nano', 'routing_saved_nano'].map(
        (column) => `ALTER TABLE ${table} ADD COLUMN ${column} ${integer} NOT NULL DEFAULT 0`,
      ),
    ),
};
