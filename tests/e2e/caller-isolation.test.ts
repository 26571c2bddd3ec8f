import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { systemClock } from '../../src/core/clock.js';
import { createKeyAdministration, type NewApiKey } from '../../src/server/auth/key-administration.js';
import { type HttpServerProcess, startHttpServer } from '../support/built-server.js';
import { startWatchedSandbox, type WatchedSandbox } from '../support/watched-server.js';
import { type AnyClient, fiveClients, type ToolAnswer } from './five-clients.js';

/* Several callers, each with a key, on one real server over HTTP: what one of them does is nothing to the others. */

type Fields = Readonly<Record<string, unknown>>;

const callers: readonly NewApiKey[] = [
  { name: 'alice', scopes: ['read', 'invoke'] },
  { name: 'bob', scopes: ['read', 'invoke'] },
  { name: 'chief', scopes: ['read', 'invoke', 'admin'] },
  { name: 'left', scopes: ['read', 'invoke'], tenant: 'team' },
  { name: 'right', scopes: ['read', 'invoke'], tenant: 'team' },
  { name: 'poor', scopes: ['read', 'invoke'], daily_usd: 0.000_000_1 },
  { name: 'narrow', scopes: ['read', 'invoke'], allowed_models: ['nova-lite'] },
];
const eras = ['2025 HTTP', '2026 HTTP'];

let sandbox: WatchedSandbox;
let server: HttpServerProcess;
const keys = new Map<string, string>();
const clients = new Map<string, AnyClient>();

beforeAll(async () => {
  sandbox = await startWatchedSandbox({ BEDROCK_TOOLSETS: 'core,sessions,ops', BEDROCK_LOG_LEVEL: 'debug' });
  const { folder } = sandbox;
  const file = join(folder.env['BEDROCK_DATA_DIR'] ?? '', 'keys.json');
  const administration = createKeyAdministration({ file, clock: systemClock });
  for (const caller of callers) keys.set(caller.name, await administration.add(caller));
  server = await startHttpServer([], { ...folder.env, BEDROCK_API_KEYS_FILE: file });
}, 60_000);
afterAll(async () => {
  await Promise.all([...clients.values()].map((client) => client.close()));
  await server.stop();
  await sandbox.close();
});
beforeEach(() => sandbox.control.reset());

const headersOf = (name: string) => ({ authorization: `Bearer ${keys.get(name)}` });

async function clientOf(era: string, name: string): Promise<AnyClient> {
  const id = `${era} ${name}`;
  const known = clients.get(id);
  if (known) return known;
  const made = await fiveClients[era]?.({ env: {}, url: server.url, headers: headersOf(name) });
  if (!made) throw new Error(`no client ${era}`);
  clients.set(id, made);
  return made;
}

describe.each(eras)('callers of %s', (era) => {
  const as = async (name: string, tool: string, args: Record<string, unknown> = {}): Promise<ToolAnswer> =>
    (await clientOf(era, name)).call(tool, args);
  const resultOf = async (...call: Parameters<typeof as>): Promise<Fields> => {
    const { structuredContent, isError } = await as(...call);
    expect({ isError: isError ?? false, structuredContent }).toMatchObject({ isError: false });
    return structuredContent as Fields;
  };
  const errorOf = async (...call: Parameters<typeof as>): Promise<Fields> => {
    const { structuredContent, isError } = await as(...call);
    expect(isError).toBe(true);
    return (structuredContent as { error: Fields }).error;
  };
  const ask = (name: string, prompt: string, more: Record<string, unknown> = {}) =>
    resultOf(name, 'bedrock_invoke', { prompt: `${prompt} (${era})`, model: 'nova-lite', ...more });
  const read = async (name: string, uri: string) => (await clientOf(era, name)).read(uri);

  it('get no cached answer of another, unless they share a tenant', async () => {
    expect(await ask('alice', 'What is cached?')).toMatchObject({ cache: { hit: false } });
    expect(await ask('alice', 'What is cached?')).toMatchObject({ cache: { hit: true } });
    expect(await ask('bob', 'What is cached?')).toMatchObject({ cache: { hit: false }, source: 'bedrock' });
    expect(await sandbox.modelCalls()).toHaveLength(2);
    expect(await ask('left', 'What is cached?')).toMatchObject({ cache: { hit: false } });
    expect(await ask('right', 'What is cached?')).toMatchObject({ cache: { hit: true } });
  });

  it('neither see nor end jobs of another', async () => {
    const { job_id } = await ask('alice', 'Take your time.', { async: true });
    for (const action of ['cancel', 'status', 'result']) {
      expect(await errorOf('bob', 'bedrock_job', { job_id, action })).toMatchObject({
        category: 'validation',
        message: 'There is no job of this id.',
      });
    }
    let status: unknown = 'running';
    while (status === 'running') ({ status } = await resultOf('alice', 'bedrock_job', { job_id }));
    expect(status).toBe('succeeded');
  }, 30_000);

  it('cannot read the rest of an answer that was cut for another', async () => {
    const { request_id } = await ask('alice', 'Tell me a lot.', { max_output_chars: 100 });
    const uri = `bedrock://answers/${request_id}`;
    expect(JSON.stringify(await read('alice', uri))).toContain('sandbox');
    await expect(read('bob', uri)).rejects.toThrow('There is no such resource');
  });

  it('neither find, continue nor close kept conversations of another', async () => {
    const { session_id } = await resultOf('alice', 'bedrock_session', { action: 'create', title: 'mine' });
    const unknown = { category: 'validation', message: 'There is no session of this id.' };
    const messages = [{ role: 'user', content: 'x' }];
    for (const args of [
      { action: 'get' },
      { action: 'append', messages },
      { action: 'share', with: ['key:bob'] },
      { action: 'close' },
    ]) {
      expect(await errorOf('bob', 'bedrock_session', { session_id, ...args })).toMatchObject(unknown);
    }
    expect(await errorOf('bob', 'bedrock_invoke', { prompt: 'x', session_id })).toMatchObject(unknown);
    expect(await sandbox.modelCalls()).toHaveLength(0);
    expect(JSON.stringify(await resultOf('bob', 'bedrock_session', { action: 'list' }))).not.toContain(session_id);
    await expect(read('bob', `bedrock://sessions/${session_id}`)).rejects.toThrow('There is no such resource');
    expect(JSON.stringify(await read('alice', `bedrock://sessions/${session_id}`))).toContain('mine');
  });

  it('neither trace nor rate calls of another', async () => {
    const { request_id } = await ask('alice', 'Trace me.');
    expect(await resultOf('alice', 'bedrock_diagnose', { request_id })).toMatchObject({ status: 'succeeded' });
    expect(await errorOf('bob', 'bedrock_diagnose', { request_id })).toMatchObject({ category: 'validation' });
    expect(await errorOf('bob', 'bedrock_feedback', { request_id, rating: 0 })).toMatchObject({
      category: 'validation',
    });
    await expect(read('bob', `bedrock://traces/${request_id}`)).rejects.toThrow('There is no such resource');
    expect(JSON.stringify(await resultOf('bob', 'bedrock_diagnose'))).not.toContain(request_id);
  });

  it('may use the same idempotency key for different calls', async () => {
    const idempotency_key = `key-1 ${era}`;
    const first = await ask('alice', 'From Alice.', { idempotency_key, cache: 'bypass' });
    expect((await ask('alice', 'From Alice.', { idempotency_key, cache: 'bypass' }))['request_id']).toBe(
      first['request_id'],
    );
    const second = await ask('bob', 'From Bob.', { idempotency_key, cache: 'bypass' });
    expect(String(second['text'])).toContain('From Bob.');
    expect(await sandbox.modelCalls()).toHaveLength(2);
  });

  it('see what they spent themselves; only an admin sees all', async () => {
    await Promise.all(['alice', 'bob'].map((name) => ask(name, `Spend for ${name}.`, { tags: { owner: name } })));
    const report = (name: string, group_by: string) =>
      resultOf(name, 'bedrock_cost_report', { group_by }) as Promise<{
        totals: Fields;
        groups: Fields[];
        series: Fields[];
        budgets: Fields[];
      }>;
    const keysOf = (groups: readonly Fields[]) => groups.map(({ key }) => String(key)).sort();
    for (const name of ['alice', 'bob']) {
      const mine = await report(name, 'caller');
      expect(keysOf(mine.groups)).toEqual([`key:${name}`]);
      expect(mine.groups[0]).toMatchObject({ ...mine.totals });
      expect(mine.series.map(({ cost_usd }) => cost_usd)).toEqual([mine.totals['cost_usd']]);
      expect(mine.budgets).toEqual([]);
      for (const group_by of ['tag', 'model', 'session', 'hour']) {
        const { groups } = await report(name, group_by);
        const sum = groups.reduce((cost, group) => cost + Number(group['cost_usd']), 0);
        expect(sum).toBeCloseTo(Number(mine.totals['cost_usd']), 9);
        expect(JSON.stringify(groups)).not.toContain(name === 'alice' ? 'owner=bob' : 'owner=alice');
      }
      expect(JSON.stringify(await read(name, 'bedrock://costs/today'))).not.toContain(
        name === 'alice' ? 'bob' : 'alice',
      );
    }
    const all = await report('chief', 'caller');
    expect(keysOf(all.groups)).toEqual(expect.arrayContaining(['key:alice', 'key:bob']));
  });

  it('are held by a budget of their own, which the others do not feel or see', async () => {
    expect(await errorOf('poor', 'bedrock_invoke', { prompt: 'Too dear.', model: 'nova-lite' })).toMatchObject({
      category: 'budget_exceeded',
    });
    expect(await sandbox.modelCalls()).toHaveLength(0);
    const { budgets } = await resultOf('poor', 'bedrock_cost_report');
    expect(budgets).toMatchObject([{ scope: 'key:poor/day', limit_usd: 0.000_000_1, spent_usd: 0 }]);
    expect(await ask('alice', `Not too dear ${Math.random()}.`)).toMatchObject({ source: 'bedrock' });
    expect(await resultOf('alice', 'bedrock_cost_report')).toMatchObject({ budgets: [] });
  });

  it('use the models they may use, named and chosen', async () => {
    const args = { prompt: 'Write a proof.', model: 'claude' };
    expect(await errorOf('narrow', 'bedrock_invoke', args)).toMatchObject({ category: 'authorization' });
    expect(await sandbox.modelCalls()).toHaveLength(0);
    const chosen = await resultOf('narrow', 'bedrock_invoke', { prompt: 'Prove it.', optimize: 'quality' });
    expect(chosen['model']).toMatchObject({ used: 'amazon.nova-lite-v1:0' });
    const route = await resultOf('narrow', 'bedrock_route', { prompt: 'Prove it.', optimize: 'quality' });
    expect((route['candidates'] as Fields[]).map(({ model }) => model)).toEqual(['amazon.nova-lite-v1:0']);
  });

  it('get their own answers and progress, however they are interleaved', async () => {
    await sandbox.control.latency({ firstTokenMs: 5 });
    const names = ['alice', 'bob'];
    for (const name of names) await clientOf(era, name);
    const rounds = Array.from({ length: 20 }, (_, index) => ({ name: names[index % 2] ?? '', prompt: `n${index}!` }));
    const told = await Promise.all(
      rounds.map(async ({ name, prompt }) => {
        const seen: string[] = [];
        const answer = await (await clientOf(era, name)).call(
          'bedrock_invoke',
          { prompt, model: 'nova-lite', cache: 'bypass', progress_text: true },
          { onprogress: ({ message = '' }) => seen.push(message) },
        );
        return JSON.stringify([answer.structuredContent, seen]);
      }),
    );
    const numbers = told.map((text) => [...new Set(text.match(/\bn\d+!/g))]);
    expect(numbers).toEqual(rounds.map(({ prompt }) => [prompt]));
  }, 60_000);

  it('leave no key in the log or in the bodies that Bedrock is sent', async () => {
    await ask('alice', `Where does my key go ${Math.random()}?`);
    const seen = JSON.stringify(await sandbox.control.calls()) + server.stderr();
    for (const key of keys.values()) expect(seen).not.toContain(key);
  });
});
