import { beforeEach, describe, expect, it } from '@jest/globals';
import { modelRequest } from '../../src/core/request.js';
import { createSessionManager, type SessionManager } from '../../src/sessions/session-manager.js';
import { createSessionStage } from '../../src/sessions/session-stage.js';
import { createMemorySessionStore } from '../../src/sessions/stores/memory-session-store.js';
import { callContext } from '../support/call-context.js';
import { type FakeClock, fakeClock, fakeRandom } from '../support/fake-clock.js';
import { firstTarget, usage } from '../support/fake-service.js';

const owner = { id: 'tester', tenant: 'default' };
const said = (content: string) => ({ role: 'user', content }) as const;
let clock: FakeClock;
let sessions: SessionManager;

const open = (limits = {}) =>
  createSessionManager({ store: createMemorySessionStore({ clock }), clock, random: fakeRandom(), limits });

beforeEach(() => {
  clock = fakeClock();
  sessions = open();
});

describe('sessions', () => {
  it('lose nothing when many add at once', async () => {
    const { id } = await sessions.create({ messages: [] }, owner);
    await Promise.all(Array.from({ length: 10 }, (_, index) => sessions.append(id, [said(`${index}`)], owner)));
    expect((await sessions.get(id, owner)).messages).toHaveLength(10);
  });

  it('are bounded in number, messages, characters and guests', async () => {
    sessions = open({ sessionsOfCaller: 1, messages: 2, characters: 1_000, guests: 1 });
    const { id } = await sessions.create({ messages: [said('a')] }, owner);
    await expect(sessions.create({ messages: [] }, owner)).rejects.toMatchObject({ category: 'rate_limit' });
    await expect(sessions.append(id, [said('b'), said('c')], owner)).rejects.toMatchObject({ category: 'validation' });
    await expect(sessions.append(id, [said('b'.repeat(1_000))], owner)).rejects.toMatchObject({
      category: 'validation',
    });
    await expect(sessions.share(id, ['b', 'c'], owner)).rejects.toMatchObject({ category: 'validation' });
    expect((await sessions.get(id, owner)).version).toBe(1);
  });

  it('are forgotten when nobody changed them for a week', async () => {
    const { id } = await sessions.create({ messages: [] }, owner);
    await clock.advance(6 * 86_400_000);
    await sessions.append(id, [said('a')], owner);
    await clock.advance(6 * 86_400_000);
    await sessions.get(id, owner);
    await clock.advance(2 * 86_400_000);
    await expect(sessions.get(id, owner)).rejects.toMatchObject({ message: 'There is no session of this id.' });
  });

  it('are shared within a tenant only', async () => {
    const { id } = await sessions.create({ messages: [] }, owner);
    await sessions.share(id, ['guest', 'tester'], owner);
    expect((await sessions.get(id, { id: 'guest', tenant: 'default' })).sharedWith).toEqual(['guest']);
    await expect(sessions.get(id, { id: 'guest', tenant: 'other' })).rejects.toMatchObject({ category: 'validation' });
  });

  it('need a store that answers', async () => {
    const away = () => Promise.reject(new Error('away'));
    const store = { find: away, put: away, list: away, remove: away, close: away };
    sessions = createSessionManager({ store, clock, random: fakeRandom() });
    await expect(sessions.get('x', owner)).rejects.toMatchObject({ category: 'network' });
  });
});

describe('a call that continues a session', () => {
  const answer = {
    content: [{ type: 'text' as const, text: 'hello' }],
    stopReason: 'end_turn' as const,
    usage,
    served: firstTarget,
    source: 'bedrock' as const,
    notices: [],
  };
  const request = modelRequest.parse({ prompt: 'and then?' });

  it('is asked with what was said before, and added with its answer', async () => {
    const { id } = await sessions.create({ system: 'Be brief.', messages: [said('first')] }, owner);
    let asked: unknown;
    const handle = createSessionStage(sessions)(async (given) => {
      asked = given;
      return answer;
    });
    await handle(request, { ...callContext(), caller: owner, sessionId: id });
    expect(asked).toMatchObject({ system: 'Be brief.', messages: [said('first'), said('and then?')] });
    expect((await sessions.get(id, owner)).messages).toEqual([
      said('first'),
      said('and then?'),
      { role: 'assistant', content: answer.content },
    ]);
  });

  it('leaves the session as it is when it fails, or says nothing', async () => {
    const { id } = await sessions.create({ messages: [] }, owner);
    const context = { ...callContext(), caller: owner, sessionId: id };
    const failing = createSessionStage(sessions)(() => Promise.reject(new Error('no')));
    await expect(failing(request, context)).rejects.toThrow('no');
    const silent = createSessionStage(sessions)(async () => ({ ...answer, content: [] }));
    expect((await silent(request, context)).notices).toHaveLength(1);
    expect((await sessions.get(id, owner)).messages).toEqual([]);
  });

  it('gives an answer that could not be added, and says so', async () => {
    sessions = open({ messages: 1 });
    const { id } = await sessions.create({ messages: [] }, owner);
    const handle = createSessionStage(sessions)(async () => answer);
    const { content, notices } = await handle(request, { ...callContext(), caller: owner, sessionId: id });
    expect(content).toEqual(answer.content);
    expect(notices[0]).toContain('not added to the session');
  });

  it('is refused for a session of others, before anything is asked', async () => {
    const { id } = await sessions.create({ messages: [] }, { id: 'other', tenant: 'default' });
    const handle = createSessionStage(sessions)(() => Promise.reject(new Error('asked')));
    await expect(handle(request, { ...callContext(), caller: owner, sessionId: id })).rejects.toMatchObject({
      category: 'validation',
    });
  });
});
