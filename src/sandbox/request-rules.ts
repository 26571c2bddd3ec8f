import type { Model } from '../core/model.js';
import { answerSchema } from './answer-schema-rule.js';
import { invalid, type Refusal, refuse } from './aws-error.js';
import { contentRules } from './content-rules.js';
import type { Block, Message } from './converse-body.js';
import { namedTools } from './converse-body.js';
import { parameterRules } from './parameter-rules.js';
import { hasCachePoint } from './prompt-cache.js';
import type { Rule, RuleInput } from './rule.js';
import { inputTokens } from './tokens.js';
import { toolRules } from './tool-rules.js';

/* What Bedrock and the models behind it refuse. Each rule answers the refusal, or nothing when it has no objection. */

const defaultMaxOutput = 4_096;

/** The largest answer the model can give, tokens. */
export const maxOutputOf = (model: Model): number => model.maxOutput ?? defaultMaxOutput;

const startsAsItLikes = /^(?:anthropic|qwen|moonshot|moonshotai|zai)\./;
/** The last Claude models that go on with what the caller wrote for them. */
const takesPrefill = /^anthropic\.claude-(?:v\d|instant|3-|(?:opus|sonnet|haiku)-4-(?:[0-5]-)?\d{8})/;

function endRefusal(model: Model, last: Message): Refusal | undefined {
  if (last.role === 'user') return undefined;
  if (!takesPrefill.test(model.id)) {
    return invalid(
      'A conversation must end with a user message. Try again with a conversation that ends with a user message.',
    );
  }
  const text = last.content.at(-1)?.text;
  return text !== undefined && text.trimEnd() !== text
    ? invalid('messages: final assistant content cannot end with trailing whitespace')
    : undefined;
}

const startsAndEnds: Rule = ({ model, body }) => {
  const turns = body.messages.filter((message) => message.role !== 'system');
  const [first] = turns;
  const last = turns.at(-1);
  if (!first || !last || (first.role !== 'user' && !startsAsItLikes.test(model.id))) {
    return invalid(
      'A conversation must start with a user message. Try again with a conversation that starts with a user message.',
    );
  }
  const repeats = turns.some((turn, index) => index > 0 && turn.role === turns[index - 1]?.role);
  return (
    endRefusal(model, last) ??
    (repeats
      ? invalid(
          'A conversation must alternate between user and assistant roles. Make sure the conversation alternates between user and assistant roles and try again.',
        )
      : undefined)
  );
};

const isBlank = (block: Block): boolean => block.text !== undefined && block.text.trim() === '';

function blankIn(blocks: readonly Block[], path: string): Refusal | undefined {
  const at = blocks.findIndex(isBlank);
  if (at < 0) return undefined;
  return invalid(
    `The text field in the ContentBlock object at ${path}.${at} is blank. Add text to the text field, and try again.`,
  );
}

const noBlankText: Rule = ({ body }) => {
  const system = blankIn(body.system, 'system');
  if (system) return system;
  for (const [index, message] of body.messages.entries()) {
    if (message.content.length === 0) {
      return invalid(
        `The content field in the Message object at messages.${index} is empty. Add a ContentBlock object to the content field and try again.`,
      );
    }
    const blank = blankIn(message.content, `messages.${index}.content`);
    if (blank) return blank;
  }
  return undefined;
};

const features: Rule = ({ model, body, streaming }) => {
  if (body.system.length > 0 && model.system === false) {
    return invalid(
      "This model doesn't support system messages. Try again without a system message or use a model that supports system messages.",
    );
  }
  if (!body.toolConfig) return undefined;
  if (model.tools === false) {
    return invalid(
      "This model doesn't support tool use. Try again without a tool configuration or use a model that supports tool use.",
    );
  }
  return streaming && model.streamingTools === false
    ? invalid("This model doesn't support tool use in streaming mode.")
    : undefined;
};

const caching: Rule = ({ model, body }) =>
  hasCachePoint(body) && model.promptCaching?.supported !== true
    ? refuse('AccessDeniedException', 'You invoked an unsupported model or your request did not allow prompt caching.')
    : undefined;

const modalityBlocks = ['image', 'document', 'video', 'audio'] as const;

const modalities: Rule = ({ model, body }) => {
  const blocks = body.messages.flatMap((message) => message.content);
  const missing = modalityBlocks.find((kind) => !model.input.includes(kind) && blocks.some((block) => block[kind]));
  return missing && model.input.length > 0
    ? invalid(`This model doesn't support the ${missing} content block that you provided.`)
    : undefined;
};

const toolIds = (message: Message | undefined, kind: 'toolUse' | 'toolResult'): readonly string[] =>
  (message?.content ?? []).flatMap((block) => block[kind]?.toolUseId ?? []);

const toolHistory: Rule = ({ body }) => {
  for (const [index, message] of body.messages.entries()) {
    const results = toolIds(message, 'toolResult');
    if (!body.toolConfig && (results.length > 0 || toolIds(message, 'toolUse').length > 0)) {
      return invalid('The toolConfig field must be defined when using toolUse and toolResult content blocks.');
    }
    const asked = toolIds(body.messages[index - 1], 'toolUse');
    const open = asked.filter((id) => !results.includes(id));
    if (open.length > 0) {
      return invalid(
        `Expected toolResult blocks at messages.${index}.content for the following Ids: ${open.join(', ')}`,
      );
    }
    if (results.some((id) => !asked.includes(id))) {
      return invalid(
        `The number of toolResult blocks at messages.${index}.content exceeds the number of toolUse blocks of previous turn.`,
      );
    }
  }
  return undefined;
};

const toolChoice: Rule = ({ body }) => {
  const name = body.toolConfig?.toolChoice?.tool?.name;
  const known = name === undefined || namedTools(body).some((tool) => tool.name === name);
  return known ? undefined : invalid(`The tool choice names ${name}, which is not in the tool configuration.`);
};

const toolSchemas: Rule = ({ body }) => {
  const at = namedTools(body).findIndex((tool) => tool.inputSchema.json['type'] !== 'object');
  return at < 0
    ? undefined
    : invalid(
        `The value at toolConfig.tools.${at}.toolSpec.inputSchema.json.type must be one of the following: object.`,
      );
};

const outputSchema: Rule = ({ body }) => {
  const text = body.outputConfig?.textFormat?.structure.jsonSchema.schema;
  if (text === undefined) return undefined;
  try {
    JSON.parse(text);
    return undefined;
  } catch {
    return invalid('The JSON schema in outputConfig.textFormat is not valid JSON.');
  }
};

const sizes: Rule = ({ model, body }) => {
  const most = maxOutputOf(model);
  if ((body.inferenceConfig.maxTokens ?? 0) > most) {
    return invalid(
      `The maximum tokens you requested exceeds the model limit of ${most}. Try again with a maximum tokens value that is lower than ${most}.`,
    );
  }
  const window = model.contextWindow ?? Number.POSITIVE_INFINITY;
  return inputTokens(body) > window ? invalid('Input is too long for requested model.') : undefined;
};

const rules: readonly Rule[] = [
  noBlankText,
  startsAndEnds,
  features,
  caching,
  modalities,
  toolHistory,
  toolSchemas,
  toolChoice,
  ...toolRules,
  ...contentRules,
  outputSchema,
  answerSchema,
  ...parameterRules,
  sizes,
];

/** The first objection to a request, in AWS's wording class. */
export function objection(input: RuleInput): Refusal | undefined {
  for (const rule of rules) {
    const refusal = rule(input);
    if (refusal) return refusal;
  }
  return undefined;
}
