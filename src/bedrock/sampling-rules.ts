import type { RoutedRequest } from '../core/request.js';
import type { Target } from '../core/target.js';

/* Which sampling arguments which models take. A row is added here when a model breaks the rule of its family. */

const samplingArguments = ['temperature', 'top_p', 'top_k', 'stop_sequences'] as const;
type SamplingArgument = (typeof samplingArguments)[number];

interface SamplingRule {
  readonly models: RegExp;
  /** Refused by the model, so left out. */
  readonly refuses?: readonly SamplingArgument[];
  /** The second is refused beside the first. */
  readonly notBoth?: readonly [kept: SamplingArgument, left: SamplingArgument];
}

const samplingRules: readonly SamplingRule[] = [
  {
    models: /^anthropic\.claude-(opus-4-([7-9]|1\d)(?!\d)|(opus|sonnet|haiku)-([5-9]|1\d)(?!\d)|fable)/,
    refuses: ['temperature', 'top_p', 'top_k'],
  },
  { models: /^anthropic\.claude-(opus|sonnet|haiku)-4-[1-6](?!\d)/, notBoth: ['temperature', 'top_p'] },
  { models: /^openai\.gpt-5\.6/, refuses: ['stop_sequences'] },
];

type ExtraFields = Readonly<Record<string, number | Readonly<Record<string, number>>>>;

/** Converse itself has no place for top_k; these models take it among their own fields, the others not at all. */
const topKFields: readonly (readonly [models: RegExp, fields: (topK: number) => ExtraFields])[] = [
  [/^anthropic\.claude/, (topK) => ({ top_k: topK })],
  [/^amazon\.nova/, (topK) => ({ inferenceConfig: { topK } })],
];

export interface Sampling {
  readonly temperature?: number;
  readonly topP?: number;
  readonly stopSequences?: string[];
  readonly extraFields?: ExtraFields;
  readonly notices: readonly string[];
}

/** Other services go up to 2, and so do requests that were written for them. */
const mostTemperature = 1;

type Given = Partial<Pick<RoutedRequest, SamplingArgument>>;

/** The sampling arguments that the model takes, and a notice for each that had to be left out. */
export function sampling(request: Given, { model }: Pick<Target, 'model'>): Sampling {
  if (samplingArguments.every((name) => request[name] === undefined)) return { notices: [] };
  const topKPlace = topKFields.find(([models]) => models.test(model))?.[1];
  const left = leftOut(request, model, topKPlace !== undefined);
  const { temperature, top_p, top_k, stop_sequences } = without(request, left);
  const isHot = temperature !== undefined && temperature > mostTemperature;
  return {
    ...(temperature !== undefined && { temperature: Math.min(temperature, mostTemperature) }),
    ...(top_p !== undefined && { topP: top_p }),
    ...(stop_sequences !== undefined && { stopSequences: stop_sequences }),
    ...(top_k !== undefined && topKPlace && { extraFields: topKPlace(top_k) }),
    notices: [
      ...[...left].map(([name, why]) => `\`${name}\` was left out: ${model} ${why}.`),
      ...(isHot ? [`\`temperature\` was lowered to ${mostTemperature}, the highest on Bedrock.`] : []),
    ],
  };
}

function leftOut(given: Given, model: string, takesTopK: boolean): ReadonlyMap<SamplingArgument, string> {
  const rules = samplingRules.filter(({ models }) => models.test(model));
  const left = new Map<SamplingArgument, string>();
  for (const name of rules.flatMap(({ refuses = [] }) => refuses)) {
    if (given[name] !== undefined) left.set(name, 'does not accept it');
  }
  for (const [kept, second] of rules.flatMap(({ notBoth }) => (notBoth ? [notBoth] : []))) {
    if (given[kept] !== undefined && given[second] !== undefined) left.set(second, `does not accept it beside ${kept}`);
  }
  if (given.top_k !== undefined && !takesTopK) left.set('top_k', 'does not accept it');
  return left;
}

function without(given: Given, left: ReadonlyMap<SamplingArgument, string>): Given {
  return Object.fromEntries(Object.entries(given).filter(([name]) => !left.has(name as SamplingArgument)));
}
