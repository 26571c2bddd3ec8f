import type { Migration } from './migration.js';

/** Messages to the operator, until they are delivered. */
export const alertDeliveries: Migration = {
  name: 'alert deliveries',
  statements: ({ dialect, integer, strict }) => [
    `CREATE TABLE alert_deliveries (
      seq ${dialect === 'sqlite' ? 'INTEGER PRIMARY KEY AUTOINCREMENT' : 'BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY'},
      id TEXT NOT NULL UNIQUE,
      alert_key TEXT NOT NULL,
      payload TEXT NOT NULL,
      dead ${integer} NOT NULL,
      tries ${integer} NOT NULL,
      due_at_ms ${integer} NOT NULL,
      changed_at_ms ${integer} NOT NULL,
      why TEXT NOT NULL
    ) ${strict}`,
    'CREATE INDEX alert_deliveries_due ON alert_deliveries (dead, due_at_ms)',
    'CREATE INDEX alert_deliveries_by_alert ON alert_deliveries (alert_key, dead, seq)',
  ],
};
