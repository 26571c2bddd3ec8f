import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createMemoryDeliveryStore } from '../../../src/alerts/stores/memory-delivery-store.js';
import { createSqlDeliveryStore } from '../../../src/alerts/stores/sql-delivery-store.js';
import { systemClock } from '../../../src/core/clock.js';
import { createDatabase, type Database } from '../../../src/storage/database.js';
import { deliveryStoreContract } from '../../contracts/delivery-store-contract.js';
import { type PostgresServer, startPostgres } from '../../support/postgres-server.js';
import { anAlert } from '../an-alert.js';

let postgres: PostgresServer;
const databases: Database[] = [];
const opened = (place: { file: string } | { url: string }): Database => {
  const database = createDatabase({ clock: systemClock, place });
  databases.push(database);
  return database;
};
let shared: Database;
beforeAll(async () => {
  postgres = await startPostgres();
  shared = opened({ url: await postgres.database('alerts') });
}, 60_000);
afterAll(async () => {
  await Promise.all(databases.map((database) => database.close()));
  await postgres.remove();
});

deliveryStoreContract('memory', async () => createMemoryDeliveryStore());
deliveryStoreContract('SQLite', async () => createSqlDeliveryStore(opened({ file: ':memory:' })));
deliveryStoreContract('PostgreSQL', async () => {
  await shared.run((sql) => sql.deleteFrom('alert_deliveries').execute());
  return createSqlDeliveryStore(shared);
});

describe('messages in memory', () => {
  it('are bounded: those that wait, and those that were given up', async () => {
    const store = createMemoryDeliveryStore(2);
    for (const id of ['1', '2']) expect(await store.add(id, anAlert(), 0)).toBe(true);
    expect(await store.add('3', anAlert(), 0)).toBe(false);
    await store.bury('1', 'gone', 0);
    expect(await store.add('3', anAlert(), 0)).toBe(true);
  });
});
