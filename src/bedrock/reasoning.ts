import type { Model } from '../core/model.js';
import type { ContentBlock, Message, ReasoningEffort, RoutedRequest } from '../core/request.js';
import { mayReplay } from './reasoning-replay.js';

/* How each family is told how much to think. Converse has one field for it in name only; each takes its own. */

export type ReasoningFields = Readonly<Record<string, unknown>>;

export interface ReasoningPlan {
  /** The request without what the model refuses while it thinks. */
  readonly request: RoutedRequest;
  /** For `additionalModelRequestFields`; undefined: the model is not told to think. */
  readonly fields?: ReasoningFields;
  /** True when the model cannot be made to use a certain tool, because it thinks. */
  readonly freeChoice: boolean;
  readonly notices: readonly string[];
}

type Effort = Exclude<ReasoningEffort, 'none'>;

interface ReasoningRule {
  readonly models: RegExp;
  /** Fields for an effort; undefined when the limit of tokens leaves no room for thinking. */
  readonly fields: (effort: Effort, maxTokens: number) => ReasoningFields | undefined;
  /** Claude refuses sampling arguments and forced tools while it thinks. */
  readonly strict?: boolean;
  /** A turn that called tools has to come back with its reasoning. */
  readonly wantsReasoningBack?: boolean;
}

const budgetTokens: Readonly<Record<Effort, number>> = {
  low: 2_048,
  medium: 8_192,
  high: 16_384,
  xhigh: 32_768,
  max: 65_536,
};
const leastBudget = 1_024;
/** Of `max_tokens`, which has to hold the answer too. */
const largestShare = 0.8;

function budgetFor(effort: Effort, maxTokens: number): number | undefined {
  if (maxTokens <= leastBudget) return undefined;
  return Math.max(leastBudget, Math.min(budgetTokens[effort], Math.floor(maxTokens * largestShare)));
}

/** The scale of those who know only these three. */
const threeSteps = (effort: Effort) => (effort === 'xhigh' || effort === 'max' ? 'high' : effort);

const adaptive = (effort: string): ReasoningFields => ({
  thinking: { type: 'adaptive' },
  output_config: { effort },
});

const reasoningRules: readonly ReasoningRule[] = [
  {
    models: /^anthropic\.claude-(3-7-|(opus|sonnet|haiku)-4-([0-5]-)?\d{8})/,
    fields: (effort, maxTokens) => {
      const budget = budgetFor(effort, maxTokens);
      return budget === undefined ? undefined : { thinking: { type: 'enabled', budget_tokens: budget } };
    },
    strict: true,
    wantsReasoningBack: true,
  },
  {
    models: /^anthropic\.claude-(opus|sonnet)-4-6/,
    fields: (effort) => adaptive(effort === 'xhigh' ? 'high' : effort),
    strict: true,
  },
  {
    models: /^anthropic\.claude-((opus|sonnet|haiku)-(4-[7-9]|[5-9])|fable)/,
    fields: adaptive,
    strict: true,
  },
  {
    models: /^amazon\.nova-2-/,
    // High effort refuses a limit of tokens, and without one no cost could be set aside for the call.
    fields: (effort) => ({
      reasoningConfig: { type: 'enabled', maxReasoningEffort: effort === 'low' ? 'low' : 'medium' },
    }),
  },
  { models: /^qwen\./, fields: (effort) => ({ reasoning_config: effort === 'low' ? 'low' : 'high' }) },
  { models: /^openai\.gpt-/, fields: (effort) => ({ reasoning_effort: threeSteps(effort) }) },
];

/** Translates `reasoning_effort` for the model that is asked now, which may be another than the caller meant. */
export function planReasoning(request: RoutedRequest, model: Model | undefined): ReasoningPlan {
  const { reasoning_effort: effort, target } = request;
  const plain = { request, freeChoice: false };
  if (effort === undefined || effort === 'none') return { ...plain, notices: [] };
  const without = (why: string) => ({ ...plain, notices: [`\`reasoning_effort\` was left out: ${why}.`] });
  const rule = reasoningRules.find(({ models }) => models.test(target.model));
  if (!rule || (model && model.reasoning !== true)) return without(`${target.model} has no such setting`);
  if (rule.wantsReasoningBack && lostItsReasoning(request)) {
    return without('the last tool call in `messages` came without the reasoning that led to it');
  }
  const maxTokens = Math.min(request.max_tokens, model?.maxOutput ?? Number.POSITIVE_INFINITY);
  const fields = rule.fields(effort, maxTokens);
  if (!fields) return without(`it needs \`max_tokens\` above ${leastBudget}`);
  if (!rule.strict) return { ...plain, fields, notices: [] };
  const { request: reduced, notices } = withoutRefused(request);
  return { request: reduced, fields, freeChoice: true, notices };
}

const refused = ['temperature', 'top_p', 'top_k'] as const;

function withoutRefused(request: RoutedRequest): Pick<ReasoningPlan, 'request' | 'notices'> {
  const { temperature: _t, top_p: _p, top_k: _k, tool_choice: choice, ...rest } = request;
  const given = refused.filter((name) => request[name] !== undefined);
  const isForced = choice !== undefined && choice !== 'auto' && choice !== 'none';
  const dropped = [...given, ...(isForced ? ['tool_choice'] : [])];
  return {
    request: { ...rest, ...(choice !== undefined && !isForced && { tool_choice: choice }) },
    notices: dropped.map((name) => `\`${name}\` was left out: the model refuses it beside \`reasoning_effort\`.`),
  };
}

/** Whether the turn that waits for tool results would go back without the reasoning before its calls. */
function lostItsReasoning({ messages, target }: RoutedRequest): boolean {
  const last = blocksOf(messages.at(-1));
  if (!last.some(({ type }) => type === 'tool_result')) return false;
  const [first] = blocksOf(messages.findLast(({ role }) => role === 'assistant'));
  return first?.type !== 'reasoning' || !mayReplay(first, target.model);
}

const blocksOf = (message: Message | undefined): readonly ContentBlock[] =>
  typeof message?.content === 'object' ? message.content : [];
