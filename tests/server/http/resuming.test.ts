import { afterEach, expect, it } from '@jest/globals';
import { fakeClock } from '../../support/fake-clock.js';
import { firstTarget } from '../../support/fake-service.js';
import { until } from '../support/face.js';
import { openSession, post, type RunningFace, send, startHttp } from '../support/http.js';

/* A stream of revision 2025-11-25 that breaks while its call runs. */

let face: RunningFace;
afterEach(() => face.close());

const revision = { 'mcp-protocol-version': '2025-11-25' };

/** A call with progress whose connection breaks once its first events are there; gives the id of the last one. */
async function breakingCall(session: Record<string, string>): Promise<string> {
  const leaving = new AbortController();
  const response = await fetch(new URL('/mcp', face.url), {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      ...revision,
      ...session,
    },
    body: JSON.stringify({
      jsonrpc: '2.0',
      id: 7,
      method: 'tools/call',
      params: { name: 'bedrock_invoke', arguments: { prompt: 'hi' }, _meta: { progressToken: 'p' } },
    }),
    signal: leaving.signal,
  });
  const reader = response.body?.getReader();
  let seen = '';
  while (!seen.includes('notifications/progress')) {
    seen += new TextDecoder().decode((await reader?.read())?.value);
  }
  leaving.abort();
  return [...seen.matchAll(/^id: (\S+)$/gm)].at(-1)?.[1] ?? '';
}

/** What comes over a new stream after an event, until the answer of the call is there. */
async function resume(session: Record<string, string>, lastEventId: string): Promise<string> {
  const leaving = new AbortController();
  const response = await fetch(new URL('/mcp', face.url), {
    headers: { accept: 'text/event-stream', 'last-event-id': lastEventId, ...revision, ...session },
    signal: leaving.signal,
  });
  const reader = response.body?.getReader();
  let seen = '';
  while (!seen.includes('"id":7')) seen += new TextDecoder().decode((await reader?.read())?.value);
  leaving.abort();
  return seen;
}

function get(session: Record<string, string>, lastEventId: string) {
  const headers = { accept: 'text/event-stream', 'last-event-id': lastEventId, ...revision, ...session };
  return send(face.url, { path: '/mcp', headers });
}

async function startWithGate(clock = fakeClock()) {
  let open = () => {};
  face = await startHttp({ clock });
  face.service.behaviour = {
    events: [{ type: 'attempt-started', target: firstTarget, number: 1 }],
    gate: new Promise<void>((resolve) => (open = resolve)),
  };
  return () => open();
}

it('a client that comes back gets the answer it missed, over a new stream', async () => {
  const open = await startWithGate();
  const session = await openSession(face.url);
  const last = await breakingCall(session);
  open();
  const seen = await resume(session, last);
  expect(seen).toContain('echo: hi');
  expect(seen).not.toContain('notifications/progress');
  expect(face.service.invocations).toHaveLength(1);
  expect(face.service.invocations[0]?.aborted).toBe(false);
});

it('a stream of a call that has ended, or was cancelled, ends too when a client comes back for it', async () => {
  const open = await startWithGate();
  const session = await openSession(face.url);
  const last = await breakingCall(session);
  const cancel = { jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 7 } };
  await post(face.url, cancel, session);
  open();
  await until(() => face.service.invocations[0]?.aborted === true, 'the cancel arrived');
  await post(face.url, { jsonrpc: '2.0', id: 8, method: 'ping' }, session);
  expect(await get(session, last)).toMatchObject({ status: 200, text: expect.stringContaining('"id":7') });
});

it('a client that comes back too late is told so, and what to do', async () => {
  const clock = fakeClock();
  const open = await startWithGate(clock);
  const session = await openSession(face.url);
  const last = await breakingCall(session);
  open();
  await until(() => face.service.invocations.length === 1, 'the call began');
  await clock.advance(5 * 60_000);
  const late = await get(session, last);
  expect(late.status).toBe(410);
  expect(JSON.parse(late.text)).toMatchObject({ error: { message: expect.stringMatching(/no longer kept.*repeat/s) } });
  const unknown = await get(session, 'made-up');
  expect(unknown.status).toBe(400);
  expect(unknown.text).toContain('no event with this Last-Event-ID');
});
