import { invalid } from './aws-error.js';
import { type Block, namedTools, type ToolSpec } from './converse-body.js';
import { isClaude, placedBlocks, type Rule } from './rule.js';

/* What single families refuse about tools, their calls and their results. */

type Choice = 'auto' | 'any' | 'tool';

const choices: readonly (readonly [models: RegExp, taken: readonly Choice[]])[] = [
  [/^(?:meta|writer)\./, ['auto']],
  [/^mistral\./, ['auto', 'any']],
];

const choiceTaken: Rule = ({ model, body, native }) => {
  const choice = body.toolConfig?.toolChoice;
  if (!choice || native) return undefined;
  const given = Object.keys(choice);
  const taken: readonly string[] = choices.find(([models]) => models.test(model.id))?.[1] ?? ['auto', 'any', 'tool'];
  const refused = given.find((kind) => !taken.includes(kind));
  return refused === undefined
    ? undefined
    : invalid(
        `This model doesn't support the toolConfig.toolChoice.${refused} field. Remove toolConfig.toolChoice.${refused} and try again.`,
      );
};

const aloneWith = /^(?:meta|mistral|writer)\./;
const besideKinds = ['text', 'image', 'document', 'video', 'audio'] as const;

/** What stands beside a tool result and must not, by family. */
const besideResults: Rule = ({ model, body, native }) => {
  if (native) return undefined;
  const refused = aloneWith.test(model.id) ? besideKinds : isClaude(model) ? besideKinds.slice(2, 4) : [];
  const mixed = placedBlocks(body).find(
    ({ block, message }) =>
      refused.some((kind) => block[kind] !== undefined) && message.content.some((other) => other.toolResult),
  );
  const kind = refused.find((name) => mixed?.block[name] !== undefined);
  return (
    mixed && invalid(`The ${kind} content block at ${mixed.path} can't be combined with a toolResult content block.`)
  );
};

const callIds: Rule = ({ model, body }) => {
  if (!/^mistral\./.test(model.id)) return undefined;
  const wrong = placedBlocks(body)
    .map(({ block }) => (block.toolUse ?? block.toolResult)?.toolUseId)
    .find((id) => id !== undefined && !/^[a-zA-Z0-9]{9}$/.test(id));
  return wrong === undefined
    ? undefined
    : invalid(`Tool call id was ${wrong} but must be a-z, A-Z, 0-9, with a length of 9.`);
};

const inputs: Rule = ({ body }) => {
  const wrong = placedBlocks(body).find(({ block: { toolUse } }) => {
    const input = toolUse?.input;
    return toolUse !== undefined && (typeof input !== 'object' || input === null || Array.isArray(input));
  });
  return (
    wrong &&
    invalid(
      `The format of the value at ${wrong.path}.toolUse.input is invalid. Provide a json object for the field and try again.`,
    )
  );
};

interface ResultRule {
  readonly models: RegExp;
  readonly refuses: (result: NonNullable<Block['toolResult']>) => boolean;
  readonly words: (path: string) => string;
}

const holds = (kinds: readonly string[]) => (result: NonNullable<Block['toolResult']>) =>
  result.content.some((part) => kinds.some((kind) => kind in part));

const officeIn = ({ content }: NonNullable<Block['toolResult']>): boolean =>
  content.some((part) => /"format":"(?:pdf|docx)"/.test(JSON.stringify(part['document'] ?? '')));

const resultRules: readonly ResultRule[] = [
  {
    models: /^writer\./,
    refuses: (result) => result.status !== undefined,
    words: (path) =>
      `This model doesn't support the status field at ${path}.toolResult.status. Remove it and try again.`,
  },
  {
    models: /^mistral\./,
    refuses: holds(['text']),
    words: (path) => `The content of the toolResult at ${path} must be json for this model.`,
  },
  {
    models: /^anthropic\./,
    refuses: (result) => result.status === 'error' && holds(['json', 'image', 'document', 'video'])(result),
    words: (path) => `${path}: tool_result: all content must be type "text" if "is_error" is true`,
  },
  {
    models: /^(?:openai|qwen|moonshot|moonshotai|mistral)\./,
    refuses: holds(['image']),
    words: (path) => `This model doesn't support the image content block in the toolResult at ${path}.`,
  },
  {
    models: /^amazon\.nova/,
    refuses: officeIn,
    words: (path) => `This model doesn't support pdf and docx documents in the toolResult at ${path}.`,
  },
];

const results: Rule = ({ model, body, native }) => {
  if (native) return undefined;
  const rules = resultRules.filter(({ models }) => models.test(model.id));
  for (const { block, path } of placedBlocks(body)) {
    const rule = block.toolResult && rules.find(({ refuses }) => block.toolResult && refuses(block.toolResult));
    if (rule) return invalid(rule.words(path));
  }
  return undefined;
};

const mostStrict = 20;
const strictClaude = /^anthropic\.claude-(?:opus-4-[568]|(?:sonnet|haiku)-4-[56]|(?:opus|sonnet|haiku)-[5-9]|fable)/;
const strictKeywords = ['minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum', 'multipleOf', 'maxItems'];

function strictProblem({ inputSchema }: ToolSpec): string | undefined {
  const text = JSON.stringify(inputSchema.json);
  const keyword = strictKeywords.find((name) => text.includes(`"${name}":`));
  if (keyword !== undefined) return `property '${keyword}' is not supported`;
  if (/"minItems":(?:[2-9]|1\d)/.test(text)) return `'minItems' values other than 0 or 1 are not supported`;
  return inputSchema.json['additionalProperties'] === false
    ? undefined
    : `'additionalProperties' must be explicitly set to false`;
}

const strictTools: Rule = ({ model, body }) => {
  const strict = namedTools(body).filter((tool) => tool['strict'] === true);
  if (strict.length === 0) return undefined;
  if (isClaude(model) && !strictClaude.test(model.id)) {
    return invalid('tools.0.custom.strict: Extra inputs are not permitted');
  }
  if (strict.length > mostStrict) return invalid(`Too many strict tools (${strict.length}). The maximum is 20.`);
  const problem = strict.map(strictProblem).find((found) => found !== undefined);
  return problem === undefined ? undefined : invalid(`tools.0.custom: For 'object' type, ${problem}`);
};

export const toolRules: readonly Rule[] = [choiceTaken, besideResults, callIds, inputs, results, strictTools];
