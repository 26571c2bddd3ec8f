import type { ContentBlock, Message } from '@aws-sdk/client-bedrock-runtime';
import { mediaInPlace, mediaTurn } from './media.js';
import type { ModelRules } from './model-rules.js';
import { pairTools } from './tool-pairs.js';
import { withOwnToolForm } from './tool-results.js';

/* Any history as one that the model accepts. Every step leaves a history that obeys alone, so all of them together do. */

export interface Conversation {
  readonly messages: Message[];
  readonly notices: readonly string[];
}

const opening = 'Continue the conversation.';
const closing = 'Continue.';
const between = 'Noted.';

const startedForUser =
  'The conversation began with the assistant, which the model refuses; a user turn was put before.';
const endedForUser = 'The conversation ended with the assistant, which the model refuses; a user turn was added.';

/** @throws ServiceError validation when there are more attachments in a turn than Bedrock takes. */
export function obeyConversationRules(given: readonly Message[], rules: ModelRules): Conversation {
  if (isOnlyTalk(given)) return { messages: [...given], notices: [] };
  const notices = new Set<string>();
  const paired = pairTools(mergeTurns(mediaInPlace(mergeTurns(withoutBlanks(given)))), notices);
  const ended = withUserAtEnds(mergeTurns(withoutBlanks(paired)), rules, notices);
  const messages = ended.flatMap((message) => resultsApart(inOrder(mediaTurn(message)), rules));
  return { messages: withOwnToolForm(messages, rules), notices: [...notices] };
}

/** Texts by turns, from the user to the user: nothing that any model could object to. */
function isOnlyTalk(messages: readonly Message[]): boolean {
  return (
    messages.length % 2 === 1 &&
    messages.every(
      ({ role, content = [] }, index) =>
        role === (index % 2 === 0 ? 'user' : 'assistant') &&
        content.length > 0 &&
        content.every(({ text }) => text !== undefined && text.trim() !== ''),
    )
  );
}

/** Without blank texts, reasoning that is not the model's, and turns that hold nothing any more. */
function withoutBlanks(messages: readonly Message[]): Message[] {
  return messages.flatMap((message) => {
    const isWanted = ({ text, reasoningContent }: ContentBlock): boolean =>
      text === undefined ? !(message.role === 'user' && reasoningContent) : text.trim() !== '';
    const content = (message.content ?? []).filter(isWanted);
    return content.length === 0 ? [] : [{ ...message, content }];
  });
}

function mergeTurns(messages: readonly Message[]): Message[] {
  const turns: Message[] = [];
  for (const message of messages) {
    const last = turns.at(-1);
    if (!last || last.role !== message.role) turns.push(message);
    else turns[turns.length - 1] = { ...last, content: [...(last.content ?? []), ...(message.content ?? [])] };
  }
  return turns;
}

const userTurn = (text: string): Message => ({ role: 'user', content: [{ text }] });

function withUserAtEnds(messages: readonly Message[], rules: ModelRules, notices: Set<string>): Message[] {
  if (messages.length === 0) return [userTurn(opening)];
  const turns = [...messages];
  if (turns[0]?.role !== 'user' && !rules.mayStartWithAssistant) {
    notices.add(startedForUser);
    turns.unshift(userTurn(opening));
  }
  if (turns.at(-1)?.role !== 'user') {
    notices.add(endedForUser);
    turns.push(userTurn(closing));
  }
  return turns;
}

/** A turn begins with reasoning when there is any, and with tool results before what the user adds. */
function inOrder(message: Message): Message {
  const content = message.content ?? [];
  // Reasoning further in goes back as it came: a model may think between two calls.
  const isFirst = (block: ContentBlock): boolean =>
    block.toolResult !== undefined ||
    (block.reasoningContent !== undefined && content[0]?.reasoningContent === undefined);
  return { ...message, content: [...content.filter(isFirst), ...content.filter((block) => !isFirst(block))] };
}

/** What must not stand beside tool results comes in a user turn of its own. */
function resultsApart(message: Message, { notBesideResults = [] }: ModelRules): Message[] {
  const content = message.content ?? [];
  if (!content.some((block) => block.toolResult)) return [message];
  const apart = content.filter((block) => notBesideResults.some((kind) => block[kind] !== undefined));
  if (apart.length === 0) return [message];
  // A document has to keep the text that goes with it.
  const texts: readonly ContentBlock[] = apart.some((block) => block.document)
    ? content.filter((block) => block.text !== undefined)
    : [];
  const moved = content.filter((block) => apart.includes(block) || texts.includes(block));
  return [
    { ...message, content: content.filter((block) => !moved.includes(block)) },
    { role: 'assistant', content: [{ text: between }] },
    { role: 'user', content: moved },
  ];
}
