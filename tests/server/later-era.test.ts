import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { until } from './support/face.js';
import { openSession, post, type RunningFace, send, startHttp } from './support/http.js';

/* Revision 2026-07-28 over HTTP as it is on the wire: every request stands alone. */

const envelope = {
  'io.modelcontextprotocol/protocolVersion': '2026-07-28',
  'io.modelcontextprotocol/clientInfo': { name: 'raw', version: '1' },
  'io.modelcontextprotocol/clientCapabilities': {},
};

let face: RunningFace;
beforeEach(async () => {
  face = await startHttp();
});
afterEach(() => face.close());

function ask(method: string, params: object = {}, headers: Record<string, string> = {}) {
  const body = { jsonrpc: '2.0', id: 1, method, params: { ...params, _meta: envelope } };
  return post(face.url, body, { 'mcp-protocol-version': '2026-07-28', 'mcp-method': method, ...headers });
}
const invoke = { name: 'bedrock_invoke', arguments: { prompt: 'x' } };
const named = { 'mcp-name': 'bedrock_invoke' };

describe('a request of revision 2026-07-28', () => {
  it('is answered without a session, and tells how long the answer may be kept and by whom', async () => {
    const { status, headers, text } = await ask('tools/list');
    expect(status).toBe(200);
    expect(headers['mcp-session-id']).toBeUndefined();
    expect(JSON.parse(text)).toMatchObject({
      result: { resultType: 'complete', ttlMs: 300_000, cacheScope: 'private' },
    });
  });

  it('finds out what the server can do', async () => {
    const { status, text } = await ask('server/discover');
    expect(status).toBe(200);
    expect(JSON.parse(text)).toMatchObject({
      result: { supportedVersions: ['2026-07-28'], capabilities: { tools: {} } },
    });
  });

  it.each([
    ['an unknown method', 'no/such', {}, 404, -32_601],
    ['a header that names another method', 'tools/list', { 'mcp-method': 'tools/call' }, 400, -32_020],
    ['a header that names another revision', 'tools/list', { 'mcp-protocol-version': '2025-11-25' }, 400, -32_020],
  ])('is refused for %s', async (_, method, headers, status, code) => {
    const answer = await ask(method, {}, headers);
    expect(answer.status).toBe(status);
    expect(JSON.parse(answer.text)).toMatchObject({ id: 1, error: { code } });
  });

  it('is refused without its claim when the header names the revision', async () => {
    const body = { jsonrpc: '2.0', id: 1, method: 'tools/list' };
    const { status, text } = await post(face.url, body, { 'mcp-protocol-version': '2026-07-28' });
    expect(status).toBe(400);
    expect(JSON.parse(text)).toMatchObject({ error: { code: -32_602 } });
  });

  it('ends with the connection of its client', async () => {
    face.service.behaviour = { hang: true };
    const leaving = new AbortController();
    const body = JSON.stringify({
      jsonrpc: '2.0',
      id: 1,
      method: 'tools/call',
      params: { ...invoke, _meta: envelope },
    });
    const headers = {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      'mcp-protocol-version': '2026-07-28',
      'mcp-method': 'tools/call',
      ...named,
    };
    const call = fetch(`${face.url}/mcp`, { method: 'POST', headers, body, signal: leaving.signal });
    call.catch(() => undefined);
    await until(() => face.service.invocations.length === 1, 'the call began', 30_000);
    leaving.abort();
    await until(() => face.service.invocations[0]?.aborted === true, 'the call ended', 30_000);
  });

  it('is served beside a session of the earlier era', async () => {
    const session = await openSession(face.url);
    const earlier = await post(face.url, { jsonrpc: '2.0', id: 2, method: 'tools/call', params: invoke }, session);
    expect(earlier.text).toContain('echo: x');
    expect((await ask('tools/call', invoke, named)).text).toContain('echo: x');
    expect((await send(face.url, { path: '/livez' })).status).toBe(200);
  });
});
