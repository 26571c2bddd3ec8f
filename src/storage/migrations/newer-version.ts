import { migrations } from './migrations.js';

export const newerVersionCode = 'DATABASE_IS_NEWER';

export function newerVersion(found: number): Error {
  const message = `The database has version ${found}; this program knows up to ${migrations.length}.`;
  return Object.assign(new Error(message), { code: newerVersionCode });
}
