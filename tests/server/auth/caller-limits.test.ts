import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { openApiKeys } from '../../../src/server/auth/api-keys.js';
import { createAuthentication } from '../../../src/server/auth/authentication.js';
import { createFailedAttempts } from '../../../src/server/auth/failed-attempts.js';
import { createKeyAdministration } from '../../../src/server/auth/key-administration.js';
import { fakeClock } from '../../support/fake-clock.js';
import { createLogKeeper } from '../support/face.js';
import { initialize, openSession, post, type RunningFace, send, startHttp } from '../support/http.js';

/* What one caller, or somebody without a key, can take from the others. */

const clock = fakeClock({ startMs: Date.UTC(2026, 10, 25) });
const logger = createLogKeeper();
let directory: string;
let face: RunningFace;
const keys = new Map<string, string>();

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'caller-limits-'));
  const file = join(directory, 'keys.json');
  const administration = createKeyAdministration({ file, clock });
  for (const name of ['ann', 'bob']) keys.set(name, await administration.add({ name, scopes: ['read', 'invoke'] }));
  const authentication = createAuthentication({ apiKeys: await openApiKeys({ file, clock, logger }) });
  const limits = { maxSessions: 4, maxSessionsOfCaller: 2, maxFailedAttempts: 3 };
  face = await startHttp({ authentication, clock, limits });
});
afterEach(async () => {
  await face.close();
  await rm(directory, { recursive: true });
});

const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
const keyOf = (name: string) => bearer(keys.get(name) ?? '');
const metrics = (headers: Record<string, string>) => send(face.url, { path: '/metrics', headers });

describe('sessions of a caller', () => {
  const list = { jsonrpc: '2.0', id: 2, method: 'tools/list' };
  const statusOf = async (session: Record<string, string>, name: string) =>
    (await post(face.url, list, { ...session, ...keyOf(name) })).status;

  it('make room for his own and never for more than his part', async () => {
    const theirs = await openSession(face.url, undefined, keyOf('bob'));
    const mine = [];
    for (let round = 0; round < 3; round += 1) mine.push(await openSession(face.url, undefined, keyOf('ann')));
    const statuses = [];
    for (const session of mine) statuses.push(await statusOf(session, 'ann'));
    expect(statuses).toEqual([404, 200, 200]);
    expect(await statusOf(theirs, 'bob')).toBe(200);
  });

  it('are refused, to him alone, while all of his part is in use', async () => {
    const leaving = new AbortController();
    const streams = [];
    for (let round = 0; round < 2; round += 1) {
      streams.push(await fetch(`${face.url}/sse`, { headers: keyOf('ann'), signal: leaving.signal }));
    }
    expect(streams.map(({ status }) => status)).toEqual([200, 200]);
    const refused = await send(face.url, { path: '/sse', headers: keyOf('ann') });
    expect(refused.status).toBe(503);
    expect(refused.headers['retry-after']).toBe('5');
    expect((await fetch(`${face.url}/sse`, { headers: keyOf('bob'), signal: leaving.signal })).status).toBe(200);
    expect((await post(face.url, initialize(), keyOf('ann'))).status).toBe(200);
    leaving.abort();
  });
});

describe('wrong keys', () => {
  it('are told to wait after some in a minute, while right ones are served', async () => {
    const wrong = () => metrics(bearer(`kbm_${'A'.repeat(43)}`));
    for (let round = 0; round < 3; round += 1) expect((await wrong()).status).toBe(401);
    await clock.advance(10_000);
    const late = await wrong();
    expect(late.status).toBe(429);
    expect(late.headers['retry-after']).toBe('50');
    expect((await wrong()).status).toBe(429);
    expect((await metrics(keyOf('ann'))).status).toBe(200);
    expect((await metrics({})).status).toBe(401);
    const warned = face.logger.lines.filter(({ level }) => level === 'warn');
    expect(warned).toMatchObject([{ fields: { address: '127.0.0.1', failures: '3 and more in a minute' } }]);
    await clock.advance(50_000);
    expect((await wrong()).status).toBe(401);
  });

  it('of ever new addresses take no more memory than those of 5,000', () => {
    const attempts = createFailedAttempts({ clock, perMinute: 1 });
    for (let index = 0; index < 20_000; index += 1) attempts.note(`10.0.${index >> 8}.${index & 255}`);
    // The first was forgotten and may begin again, one of the last was not.
    expect(attempts.note('10.0.0.0').waitMs).toBeUndefined();
    expect(attempts.note('10.0.78.31').waitMs).toBe(60_000);
  });
});
