import type { ContentBlock, Message, ToolResultBlock } from '@aws-sdk/client-bedrock-runtime';

/* Every tool call is answered in the turn after it, by a result with its id, and by nothing else. */

const unanswered = 'A tool call in `messages` had no result; one was put in that says so.';
const strayResult = 'A tool result in `messages` answered no call of the turn before it; it was sent as text.';
const strayCall = 'A tool call in `messages` could not be one where it stood; it was sent as text.';

/** Takes turns that alternate. */
export function pairTools(turns: readonly Message[], notices: Set<string>): Message[] {
  const paired: Message[] = [];
  let open: readonly string[] = [];
  for (const turn of turns) {
    if (turn.role === 'assistant') {
      const called = callsOnce(turn, notices);
      open = callIds(called);
      paired.push(called);
    } else {
      paired.push(answered(turn, open, notices));
      open = [];
    }
  }
  return open.length > 0 ? [...paired, answersFor(open, notices)] : paired;
}

const callIds = ({ content = [] }: Message): readonly string[] =>
  content.flatMap(({ toolUse }) => toolUse?.toolUseId ?? []);

function answersFor(ids: readonly string[], notices: Set<string>): Message {
  notices.add(unanswered);
  return { role: 'user', content: ids.map(emptyAnswer) };
}

const emptyAnswer = (toolUseId: string): ContentBlock => ({
  toolResult: { toolUseId, content: [{ text: 'No result was given.' }], status: 'error' },
});

/** The calls of a turn, each id once; a result cannot stand here. */
function callsOnce(turn: Message, notices: Set<string>): Message {
  const seen = new Set<string>();
  const content = (turn.content ?? []).map((block) => {
    if (block.toolResult) return resultAsText(block.toolResult, notices);
    const id = block.toolUse?.toolUseId;
    if (id === undefined) return block;
    if (seen.has(id)) return callAsText(block, notices);
    seen.add(id);
    return block;
  });
  return { ...turn, content };
}

/** The results that the open calls wait for, and the rest of the turn as text. */
function answered(turn: Message, open: readonly string[], notices: Set<string>): Message {
  const waiting = new Set(open);
  const content = (turn.content ?? []).map((block) => {
    if (block.toolUse) return callAsText(block, notices);
    if (!block.toolResult) return block;
    return waiting.delete(block.toolResult.toolUseId ?? '') ? block : resultAsText(block.toolResult, notices);
  });
  if (waiting.size === 0) return { ...turn, content };
  notices.add(unanswered);
  return { ...turn, content: [...[...waiting].map(emptyAnswer), ...content] };
}

function callAsText({ toolUse }: ContentBlock, notices: Set<string>): ContentBlock {
  notices.add(strayCall);
  return { text: `[called ${toolUse?.name}: ${JSON.stringify(toolUse?.input)}]` };
}

function resultAsText({ content = [], status }: ToolResultBlock, notices: Set<string>): ContentBlock {
  notices.add(strayResult);
  const parts = content.map((part) => part.text ?? JSON.stringify(part.json ?? {}));
  return { text: `[result${status === 'error' ? ' (error)' : ''}: ${parts.join('\n')}]` };
}
