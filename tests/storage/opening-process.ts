import { systemClock } from '../../src/core/clock.js';
import { createDatabase } from '../../src/storage/database.js';

const [place = ''] = process.argv.slice(2);
const database = createDatabase({
  place: place.startsWith('postgres:') ? { url: place } : { file: place },
  clock: systemClock,
});
await database.run((sql) => sql.selectFrom('attempts').select('attempt_id').execute());
await database.close();
