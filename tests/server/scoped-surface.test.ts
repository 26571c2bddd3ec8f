import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Caller, Scope } from '../../src/core/pipeline.js';
import { createAuthentication } from '../../src/server/auth/authentication.js';
import { openSession, post, postModern, type RunningFace, startHttp } from './support/http.js';

/* What callers see by their scopes, over HTTP in both eras, from two servers. */

const callers: Readonly<Record<string, Caller>> = {
  kbm_reader: { id: 'reader', tenant: 'a', scopes: ['read'] },
  kbm_spender: { id: 'spender', tenant: 'a', scopes: ['invoke'] },
  kbm_user: { id: 'user', tenant: 'a', scopes: ['read', 'invoke'] },
  kbm_other: { id: 'other', tenant: 'b', scopes: ['invoke', 'read'], groups: ['x'] },
  kbm_admin: { id: 'admin', tenant: 'a', scopes: ['read', 'invoke', 'admin'] },
};
const scopeOfTool: Readonly<Record<string, Scope>> = {
  bedrock_models: 'read',
  bedrock_cost_report: 'read',
  bedrock_job: 'read',
  bedrock_invoke: 'invoke',
  bedrock_session: 'invoke',
  bedrock_cache: 'admin',
};

const replicas: RunningFace[] = [];
beforeAll(async () => {
  for (let count = 0; count < 2; count += 1) {
    const apiKeys = { find: async (key: string) => callers[key] };
    replicas.push(await startHttp({ authentication: createAuthentication({ apiKeys }) }));
  }
});
afterAll(() => Promise.all(replicas.map((face) => face.close())));

const bearer = (key: string) => ({ authorization: `Bearer ${key}` });
const resultOf = (text: string): Record<string, unknown> =>
  (JSON.parse(text.slice(text.indexOf('{"'))) as { result: Record<string, unknown> }).result;

const eras: Readonly<Record<string, (url: string, method: string, key: string) => Promise<Record<string, unknown>>>> = {
  '2025': async (url, method, key) => {
    const session = await openSession(url, undefined, bearer(key));
    const { text } = await post(url, { jsonrpc: '2.0', id: 2, method }, { ...session, ...bearer(key) });
    return resultOf(text);
  },
  '2026': async (url, method, key) => resultOf((await postModern(url, method, {}, bearer(key))).text),
};

async function listed(method: string, field: string, key: string, era = '2025', replica = 0): Promise<unknown> {
  return (await eras[era]?.(replicas[replica]?.url ?? '', method, key))?.[field];
}
const namesOf = async (method: string, field: string, key: string, era: string) =>
  ((await listed(method, field, key, era)) as { name: string }[]).map(({ name }) => name);

it('tools/list is the same to the byte over calls, callers of equal scopes, replicas and eras', async () => {
  const texts = new Set<string>();
  for (const era of Object.keys(eras)) {
    for (const replica of [0, 1]) {
      for (const key of ['kbm_user', 'kbm_other', 'kbm_user']) {
        texts.add(JSON.stringify(await listed('tools/list', 'tools', key, era, replica)));
      }
    }
  }
  expect(texts.size).toBe(1);
  expect([...texts][0]?.length).toBeGreaterThan(10_000);
});

describe.each(Object.keys(eras))('in the era of %s', (era) => {
  it.each(Object.entries(callers))('%s is offered the tools of its scopes', async (key, { scopes = [] }) => {
    const names = await namesOf('tools/list', 'tools', key, era);
    for (const [tool, scope] of Object.entries(scopeOfTool)) {
      expect([tool, names.includes(tool)]).toEqual([tool, scopes.includes(scope)]);
    }
  });

  it('resources and templates are there for those who may read, answers for those who may ask', async () => {
    const all = ['model', 'session', 'trace', 'answer'];
    const templates = (key: string) => namesOf('resources/templates/list', 'resourceTemplates', key, era);
    expect(await templates('kbm_user')).toEqual(all);
    expect(await templates('kbm_reader')).toEqual(['model', 'session', 'trace']);
    expect(await templates('kbm_spender')).toEqual(['answer']);
    expect(await namesOf('resources/list', 'resources', 'kbm_spender', era)).toEqual([]);
    expect(await namesOf('resources/list', 'resources', 'kbm_reader', era)).toContain('costs-today');
  });

  it('prompts are there for those who can follow them', async () => {
    const prompts = (key: string) => namesOf('prompts/list', 'prompts', key, era);
    expect(await prompts('kbm_user')).toEqual(['review_code', 'compare_models', 'explain_spend']);
    expect(await prompts('kbm_reader')).toEqual(['explain_spend']);
    expect(await prompts('kbm_spender')).toEqual(['review_code', 'compare_models']);
  });
});

it('what a caller is not shown cannot be had by its name', async () => {
  const url = replicas[0]?.url ?? '';
  const spend = await postModern(url, 'prompts/get', { name: 'explain_spend' }, bearer('kbm_spender'));
  expect(spend.text).toContain('There is no such prompt');
  const costs = { uri: 'bedrock://costs/today' };
  const headers = { ...bearer('kbm_spender'), 'mcp-name': costs.uri };
  expect((await postModern(url, 'resources/read', costs, headers)).text).toContain('There is no such resource');
  expect((await postModern(url, 'resources/read', costs, { ...headers, ...bearer('kbm_reader') })).text).toContain(
    'cost_usd',
  );
});
