import { invalid, type Refusal } from './aws-error.js';
import type { ConverseBody } from './converse-body.js';
import { isClaude, type Rule } from './rule.js';

/* What single models refuse among sampling arguments and their own additional fields. */

const claudeWithOneSampling = /claude-\w+-4-[1-6](?:-|$)/;
const claudeWithoutSampling = /claude-(?:opus-4-[78]|opus-[5-9]|sonnet-[5-9]|fable|haiku-5-5)/;

const fieldsOf = (body: ConverseBody): Readonly<Record<string, unknown>> => body.additionalModelRequestFields ?? {};

function samplingOf(body: ConverseBody): readonly string[] {
  const { temperature, topP } = body.inferenceConfig;
  const given = { temperature, top_p: topP, top_k: fieldsOf(body)['top_k'] };
  return Object.entries(given).flatMap(([name, value]) => (value === undefined ? [] : [name]));
}

const sampling: Rule = ({ model, body }) => {
  const given = samplingOf(body);
  const [first] = given;
  if (first !== undefined && claudeWithoutSampling.test(model.id)) {
    return invalid(`\`${first}\` is deprecated for this model.`);
  }
  if (claudeWithOneSampling.test(model.id) && given.includes('temperature') && given.includes('top_p')) {
    return invalid('`temperature` and `top_p` cannot both be specified for this model. Please use only one.');
  }
  return undefined;
};

const stopSequences: Rule = ({ model, body }) =>
  /^openai\.gpt-5\.6/.test(model.id) && body.inferenceConfig.stopSequences !== undefined
    ? invalid("Unsupported parameter: 'stop' is not supported with this model.")
    : undefined;

/** The additional fields that the models know; any other is an extraneous key. */
const knownFields: readonly (readonly [models: RegExp, fields: readonly string[]])[] = [
  [/^anthropic\./, ['top_k', 'thinking', 'output_config', 'anthropic_beta', 'metadata']],
  [/^amazon\.nova-2/, ['inferenceConfig', 'reasoningConfig', 'top_k']],
  [/^amazon\.nova/, ['inferenceConfig', 'top_k']],
  [/^qwen\./, ['reasoning_config']],
  [/^openai\./, ['reasoning_effort']],
];

const extraFields: Rule = ({ model, body }) => {
  const known = knownFields.find(([models]) => models.test(model.id))?.[1] ?? [];
  const extra = Object.keys(fieldsOf(body)).find((name) => !known.includes(name));
  return extra === undefined
    ? undefined
    : invalid(
        `The model returned the following errors: Malformed input request: #: extraneous key [${extra}] is not permitted, please reformat your input and try again.`,
      );
};

const efforts: Rule = ({ model, body }) => {
  const effort = fieldsOf(body)['reasoning_effort'];
  return effort === 'none' && /^openai\.gpt-oss/.test(model.id)
    ? invalid("Unsupported value: 'reasoning_effort' does not support 'none' with this model.")
    : undefined;
};

interface Thinking {
  readonly type?: string;
  readonly budget_tokens?: number;
}

const adaptiveClaude = /^anthropic\.claude-(?:(?:opus|sonnet)-4-[6-9]|(?:opus|sonnet|haiku)-[5-9]|fable)/;
const withoutEffort = /^anthropic\.claude-(?:sonnet|haiku)-4-5/;
const leastBudget = 1_024;

function kindRefusal(modelId: string, thinking: Thinking, maxTokens: number | undefined): Refusal | undefined {
  const adaptive = adaptiveClaude.test(modelId);
  if (thinking.type === 'adaptive' && !adaptive) return invalid('adaptive thinking is not supported on this model');
  if (thinking.type !== 'enabled') return undefined;
  if (adaptive && !/-4-6/.test(modelId)) return invalid('"thinking.type.enabled" is not supported for this model.');
  const { budget_tokens: budget = 0 } = thinking;
  if (budget < leastBudget) {
    return invalid('thinking.enabled.budget_tokens: Input should be greater than or equal to 1024');
  }
  return maxTokens !== undefined && budget >= maxTokens
    ? invalid('`max_tokens` must be greater than `thinking.budget_tokens`.')
    : undefined;
}

function besideThinking(body: ConverseBody): Refusal | undefined {
  const { temperature, topP } = body.inferenceConfig;
  const choice = body.toolConfig?.toolChoice;
  if (temperature !== undefined && temperature !== 1) {
    return invalid('`temperature` may only be set to 1 when thinking is enabled.');
  }
  if (topP !== undefined && topP < 0.95) {
    return invalid('`top_p` must be greater than or equal to 0.95 or unset when thinking is enabled.');
  }
  if (fieldsOf(body)['top_k'] !== undefined) return invalid('`top_k` must be unset when thinking is enabled.');
  return (choice?.any ?? choice?.tool)
    ? invalid('Thinking may not be enabled when tool_choice forces tool use.')
    : undefined;
}

const thinkingRule: Rule = ({ model, body }) => {
  if (!isClaude(model)) return undefined;
  const { thinking, output_config: output } = fieldsOf(body) as { thinking?: Thinking; output_config?: object };
  if (output && 'effort' in output && withoutEffort.test(model.id)) {
    return invalid('This model does not support the effort parameter.');
  }
  if (!thinking || thinking.type === 'disabled') return undefined;
  return kindRefusal(model.id, thinking, body.inferenceConfig.maxTokens) ?? besideThinking(body);
};

const latency: Rule = ({ model, body }) =>
  body.performanceConfig?.latency === 'optimized' && typeof model.price.latencyOptimizedInput !== 'number'
    ? invalid('Latency performance configuration is not supported for this model.')
    : undefined;

export const parameterRules: readonly Rule[] = [sampling, stopSequences, extraFields, efforts, thinkingRule, latency];
