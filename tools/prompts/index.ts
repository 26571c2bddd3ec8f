import type { Prompt } from '../../src/server/define-prompt.js';
import { bedrockCostReport } from '../bedrock-cost-report.js';
import { modelNames } from '../results/model-names.js';

/** What was pasted by a user stays apart from what is asked about it. */
const quoted = (label: string, text: string): string => `<${label}>\n${text}\n</${label}>`;

const reviewCode: Prompt = {
  name: 'review_code',
  title: 'Review code with the best code model',
  description: 'Has the best model for code review some code, and reports what it found.',
  scope: 'invoke',
  arguments: [
    { name: 'code', description: 'The code, or where it is.', required: true },
    { name: 'focus', description: 'What to look for, such as security or speed.', required: false },
  ],
  write: async ({ code = '', focus }) =>
    [
      'Review the code below with bedrock_invoke: task `code`, optimize `quality`, no `model`, and a `system` that asks for',
      `concrete findings ordered by severity, each with its place and a correction${focus ? `, above all on ${focus}` : ''}.`,
      'If the code is a path, read the file first. Tell me the findings that hold up, which model reviewed it, and the cost.',
      '',
      quoted('code', code),
    ].join('\n'),
};

const compareModels: Prompt = {
  name: 'compare_models',
  title: 'Compare two models on a prompt',
  description: 'Asks two models the same and compares answers, time and cost.',
  scope: 'invoke',
  arguments: [
    { name: 'prompt', description: 'What to ask both.', required: true },
    { name: 'first_model', description: 'Model id or alias.', required: true, values: modelNames },
    { name: 'second_model', description: 'Model id or alias.', required: true, values: modelNames },
  ],
  write: async ({ prompt = '', first_model: first = '', second_model: second = '' }) =>
    [
      `Ask the models ${JSON.stringify(first)} and ${JSON.stringify(second)} the prompt below with one bedrock_batch call: one`,
      'request each, with `model` set, `fallback: false` and `cache: "bypass"`. Then compare the answers for correctness and',
      'completeness, and latency_ms and cost_usd in a table, and say which you would use for such prompts and why.',
      '',
      quoted('prompt', prompt),
    ].join('\n'),
};

const explainSpend: Prompt = {
  name: 'explain_spend',
  title: "Explain today's spend",
  description: "Today's cost by model with the budgets, for an explanation in words.",
  scope: 'read',
  arguments: [],
  write: async (_, service, context) => {
    const args = bedrockCostReport.input.parse({ period: 'today' });
    const { text } = await bedrockCostReport.handle(args, service, context);
    return [
      'Explain what was spent on Amazon Bedrock today: the largest items, whether the budget will last, and one thing that',
      'would save most. Ask bedrock_cost_report for other groupings (caller, task, tag, hour) where they would help.',
      '',
      quoted('report', text),
    ].join('\n');
  },
};

/** Every prompt, in the order in which clients list them. */
export const prompts: readonly Prompt[] = [reviewCode, compareModels, explainSpend];
