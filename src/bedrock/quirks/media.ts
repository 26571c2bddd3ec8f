import type { ContentBlock, Message } from '@aws-sdk/client-bedrock-runtime';
import { type MediaKind, mediaKinds } from '../../core/content-blocks.js';
import { ServiceError } from '../../core/errors.js';

/* Where attachments may stand, and how many of them. */

const isMedia = (block: ContentBlock): boolean => mediaKinds.some((kind) => block[kind] !== undefined);

const mostInTurn: Readonly<Record<MediaKind, number>> = { image: 20, document: 5, video: 1, audio: 1 };
const nounOf = { image: 'images', document: 'documents', video: 'videos', audio: 'audio files' } as const;
const beside = 'See the attached document.';

/** Attachments of the assistant go to the user turn after it. */
export function mediaInPlace(turns: readonly Message[]): Message[] {
  const placed: Message[] = [];
  let carried: readonly ContentBlock[] = [];
  for (const turn of turns) {
    const content = turn.content ?? [];
    if (turn.role === 'user') {
      placed.push({ ...turn, content: [...carried, ...content] });
      carried = [];
    } else {
      const rest = content.filter((block) => !isMedia(block));
      carried = [...carried, ...content.filter(isMedia)];
      if (rest.length > 0) placed.push({ ...turn, content: rest });
    }
  }
  return carried.length > 0 ? [...placed, { role: 'user', content: [...carried] }] : placed;
}

/**
 * The turn with a text beside its documents, which they need.
 * @throws ServiceError validation when it holds more attachments than Bedrock takes.
 */
export function mediaTurn(turn: Message): Message {
  const content = turn.content ?? [];
  for (const kind of mediaKinds) {
    const found = content.filter((block) => block[kind]).length;
    if (found > mostInTurn[kind]) throw tooMany(kind, found);
  }
  const lonely = content.some((block) => block.document) && !content.some((block) => block.text !== undefined);
  return lonely ? { ...turn, content: [...content, { text: beside }] } : turn;
}

function tooMany(kind: MediaKind, found: number): ServiceError {
  const noun = nounOf[kind];
  return new ServiceError(
    'validation',
    `One turn of \`messages\` holds ${found} ${noun}; Bedrock takes ${mostInTurn[kind]}.`,
    { remedy: `Send fewer ${noun}, or spread them over turns with an answer in between.` },
  );
}
