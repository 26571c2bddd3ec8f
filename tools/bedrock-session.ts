import { z } from 'zod';
import type { BedrockIntegrationService } from '../src/core/integration-service.js';
import type { Caller } from '../src/core/pipeline.js';
import { type Message, requestArguments } from '../src/core/request.js';
import { responseText } from '../src/core/response.js';
import { type Session, type SessionSummary, summaryOf } from '../src/core/sessions.js';
import { defineTool, type ToolAnswer } from '../src/server/define-tool.js';

const actions = ['create', 'get', 'append', 'list', 'share', 'close'] as const;
type Action = (typeof actions)[number];

const messages = requestArguments.shape.messages
  .unwrap()
  .meta({ brief: { type: 'array', items: { type: 'object' } } })
  .optional()
  .describe('For create and append, as bedrock_invoke takes them.');

/** Arguments that an action cannot do without. */
const needed: Readonly<Record<Action, readonly ('session_id' | 'messages' | 'with')[]>> = {
  create: [],
  get: ['session_id'],
  append: ['session_id', 'messages'],
  list: [],
  share: ['session_id', 'with'],
  close: ['session_id'],
};

const input = z
  .strictObject({
    action: z.enum(actions),
    session_id: z.string().min(1).max(128).optional(),
    title: z.string().min(1).max(200).optional(),
    system: z.string().max(100_000).optional(),
    messages,
    last: z.int().min(1).max(1_000).optional().describe('For get: only so many messages. Default 50.'),
    with: z.array(z.string().min(1).max(256)).min(1).max(50).optional().describe('For share: ids of other callers.'),
  })
  .superRefine((args, check) => {
    for (const name of needed[args.action]) {
      if (args[name] === undefined)
        check.addIssue({ code: 'custom', message: `action ${args.action} needs \`${name}\`` });
    }
  });
type Input = z.output<typeof input>;

const summary = z
  .strictObject({
    session_id: z.string(),
    title: z.string().optional(),
    owner: z.string(),
    shared_with: z.array(z.string()),
    message_count: z.int(),
    created_at: z.string(),
    updated_at: z.string(),
    expires_at: z.string(),
  })
  .meta({ id: 'session' });

const output = z.strictObject({
  action: z.enum(actions),
  session_id: z.string().optional(),
  session: summary.optional(),
  system: z.string().optional(),
  messages: z.array(z.looseObject({})).optional().describe('For get, usable in bedrock_invoke.'),
  sessions: z.array(summary).optional(),
  closed: z.boolean().optional(),
});
type Output = z.input<typeof output>;

const iso = (ms: number): string => new Date(ms).toISOString();

function toSummary(session: SessionSummary): z.input<typeof summary> {
  return {
    session_id: session.id,
    ...(session.title !== undefined && { title: session.title }),
    owner: session.owner.id,
    shared_with: [...session.sharedWith],
    message_count: session.messageCount,
    created_at: iso(session.createdAtMs),
    updated_at: iso(session.updatedAtMs),
    expires_at: iso(session.expiresAtMs),
  };
}

function line({ session_id, title, message_count, owner, updated_at }: z.input<typeof summary>): string {
  return `${session_id}${title ? ` "${title}"` : ''}: ${message_count} messages, of ${owner}, changed ${updated_at}`;
}

const textOf = ({ content }: Message): string => (typeof content === 'string' ? content : responseText(content));

/** What was said is told between tags, as data: it was written by models and by other callers. */
function conversationText(session: Session, shown: readonly Message[]): string {
  const tag = `session-${session.id.slice(0, 8)}`;
  return [`<${tag}>`, ...shown.map((message) => `${message.role}: ${textOf(message)}`), `</${tag}>`].join('\n');
}

function stateAnswer(action: Action, session: Session): ToolAnswer<Output> {
  const told = toSummary(summaryOf(session));
  return { structured: { action, session_id: session.id, session: told }, text: line(told) };
}

function getAnswer(session: Session, last = 50): ToolAnswer<Output> {
  const { structured, text } = stateAnswer('get', session);
  const shown = session.messages.slice(-last);
  return {
    structured: {
      ...structured,
      ...(session.system !== undefined && { system: session.system }),
      messages: shown.map((message) => ({ ...message })),
    },
    text: `${text}\n${conversationText(session, shown)}`,
  };
}

type Act = (args: Input, service: BedrockIntegrationService, caller: Caller) => Promise<ToolAnswer<Output>>;

const idOf = ({ session_id = '' }: Input): string => session_id;

const acts: Readonly<Record<Action, Act>> = {
  create: async ({ title, system, messages: first = [] }, { sessions }, caller) => {
    const named = { ...(title !== undefined && { title }), ...(system !== undefined && { system }) };
    const session = await sessions.create({ ...named, messages: first }, caller);
    return stateAnswer('create', session);
  },
  get: async (args, { sessions }, caller) => getAnswer(await sessions.get(idOf(args), caller), args.last),
  append: async (args, { sessions }, caller) =>
    stateAnswer('append', await sessions.append(idOf(args), args.messages ?? [], caller)),
  list: async (_, { sessions }, caller) => {
    const listed = (await sessions.list(caller)).map(toSummary);
    const text = listed.length === 0 ? 'There are no sessions.' : listed.map(line).join('\n');
    return { structured: { action: 'list', sessions: listed }, text };
  },
  share: async (args, { sessions }, caller) =>
    stateAnswer('share', await sessions.share(idOf(args), args.with ?? [], caller)),
  close: async (args, { sessions }, caller) => {
    await sessions.close(idOf(args), caller);
    return { structured: { action: 'close', closed: true }, text: `Session ${idOf(args)} is closed.` };
  },
};

export const bedrockSession = defineTool({
  name: 'bedrock_session',
  title: 'Keep a conversation',
  description:
    'Create, read, extend, list, share or close conversations that are kept here. Give the session_id to bedrock_invoke ' +
    'and it goes on from what was said. Use it for more than one turn, or to let other MCP servers join.',
  kind: 'write',
  toolset: 'sessions',
  input,
  example: { action: 'create', title: 'Release notes' },
  output,
  handle: (args, service, { caller }) => acts[args.action](args, service, caller),
});
