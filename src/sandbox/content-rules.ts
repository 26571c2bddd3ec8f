import { invalid } from './aws-error.js';
import type { Block, ConverseBody } from './converse-body.js';
import { isClaude, type PlacedBlock, placedBlocks, type Rule } from './rule.js';

/* What is refused about attachments, reasoning and cache points. */

const mediaLimits = [
  { kind: 'image', most: 20, megabytes: 3.75 },
  { kind: 'document', most: 5, megabytes: 4.5 },
  { kind: 'video', most: 1, megabytes: 25 },
  { kind: 'audio', most: 1, megabytes: 25 },
] as const;

/** Of the media whose formats AWS lists: https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_VideoBlock.html */
const mediaFormats = {
  video: ['mkv', 'mov', 'mp4', 'webm', 'flv', 'mpeg', 'mpg', 'wmv', 'three_gp'],
  audio: 'mp3 opus wav aac flac mp4 ogg mkv mka x-aac m4a mpeg mpga pcm webm'.split(' '),
} as const;

const formats: Rule = ({ body }) => {
  for (const { block, path } of placedBlocks(body)) {
    for (const kind of ['video', 'audio'] as const) {
      const format = block[kind]?.['format'];
      if (block[kind] && !(typeof format === 'string' && (mediaFormats[kind] as readonly string[]).includes(format)))
        return invalid(
          `Value at '${path}.${kind}.format' failed to satisfy constraint: Member must satisfy enum value set`,
        );
    }
  }
  return undefined;
};

const sizeOf = (media: Readonly<Record<string, unknown>> | undefined): number => {
  const bytes = (media?.['source'] as { bytes?: unknown } | undefined)?.bytes;
  return typeof bytes === 'string' ? (bytes.length * 3) / 4 : 0;
};

const attachments: Rule = ({ body, native }) => {
  if (native) return undefined;
  const blocks = placedBlocks(body);
  const strayed = blocks.find(
    ({ block, message }) => message.role !== 'user' && mediaLimits.some(({ kind }) => block[kind]),
  );
  if (strayed)
    return invalid(`The attachment at ${strayed.path} is not allowed: attachments go into user messages only.`);
  for (const { kind, most, megabytes } of mediaLimits) {
    const crowded = body.messages.findIndex(({ content }) => content.filter((block) => block[kind]).length > most);
    if (crowded >= 0) return invalid(`messages.${crowded} has too many ${kind}s. A message can have at most ${most}.`);
    const large = blocks.find(({ block }) => sizeOf(block[kind]) > megabytes * 1_024 * 1_024 + 2);
    if (large) return invalid(`The ${kind} at ${large.path} exceeds the size limit of ${megabytes} MB.`);
  }
  return undefined;
};

const legalName = /^[a-zA-Z0-9\-()[\]]+(?: [a-zA-Z0-9\-()[\]]+)*$/;

function nameProblem(documents: readonly PlacedBlock[]): string | undefined {
  const seen = new Set<unknown>();
  for (const { block } of documents) {
    const name = block.document?.['name'];
    if (typeof name !== 'string' || name.length > 200 || !legalName.test(name)) {
      return "The document file name can only contain alphanumeric characters, whitespace characters, hyphens, parentheses, and square brackets. The name can't contain more than one consecutive whitespace character.";
    }
    if (seen.has(name)) return 'The document names must be unique in the conversation.';
    seen.add(name);
  }
  return undefined;
}

const documents: Rule = ({ body, native }) => {
  if (native) return undefined;
  const found = placedBlocks(body).filter(({ block }) => block.document);
  const lonely = found.find(({ message }) => !message.content.some((block) => block.text !== undefined));
  if (lonely) return invalid('A text block must be included when a document is in the message.');
  const problem = nameProblem(found);
  return problem === undefined ? undefined : invalid(problem);
};

interface Reasoned {
  readonly reasoningText?: { readonly text?: string; readonly signature?: string };
}

const isReasoning = (block: Block | undefined): boolean => block?.['reasoningContent'] !== undefined;

const reasoning: Rule = ({ model, body }) => {
  const found = placedBlocks(body).filter(({ block }) => isReasoning(block));
  const [first] = found;
  if (!first) return undefined;
  if (model.reasoning === false) return invalid("This model doesn't support the reasoningContent content block.");
  const strayed = found.find(({ message }) => message.role !== 'assistant');
  if (strayed) return invalid(`The reasoningContent block at ${strayed.path} is not allowed in a user message.`);
  if (!isClaude(model)) return undefined;
  const unsigned = found.find(({ block }) => {
    const { reasoningText } = block['reasoningContent'] as Reasoned;
    return reasoningText !== undefined && !reasoningText.signature;
  });
  if (unsigned) return invalid(`${unsigned.path}.reasoningContent.reasoningText.signature: Field required`);
  const late = found.find(({ message }) => !isReasoning(message.content[0]));
  return late && invalid(`${late.path}: Expected \`thinking\` or \`redacted_thinking\`, but found \`text\`.`);
};

const mostCachePoints = 4;

function pointLists(body: ConverseBody): readonly (readonly { readonly cachePoint?: unknown }[])[] {
  return [body.toolConfig?.tools ?? [], body.system, ...body.messages.map(({ content }) => content)];
}

const cachePoints: Rule = ({ body }) => {
  const lists = pointLists(body);
  if (lists.some(([first]) => first?.cachePoint)) {
    return invalid('A cachePoint must follow the content that it caches. Move it and try again.');
  }
  const points = lists.flat().filter((part) => part.cachePoint).length;
  return points > mostCachePoints
    ? invalid(`A maximum of ${mostCachePoints} blocks with cache_control may be provided. Found ${points}.`)
    : undefined;
};

export const contentRules: readonly Rule[] = [formats, attachments, documents, reasoning, cachePoints];
