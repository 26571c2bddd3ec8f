import { z } from 'zod';
import { invalid, isRefusal, type Refusal } from './aws-error.js';
import { parseBody } from './converse-body.js';

/* ApplyGuardrail: https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ApplyGuardrail.html */

const words = z.array(z.string().min(1).max(100)).max(10_000).default([]);

export const guardrailSchema = z.strictObject({
  id: z.string().min(1).max(2_048),
  version: z.string().min(1).max(8).default('DRAFT'),
  /** Texts with one of these are blocked. */
  blocked: words,
  /** These are replaced by the name of their kind, as personal data would be. */
  masked: words,
  message: z.string().min(1).max(500).default('Sorry, the guardrail does not allow this.'),
});
type Guardrail = z.output<typeof guardrailSchema>;

export interface GuardrailTable {
  set(guardrails: readonly Guardrail[]): void;
  /** By `id:version`. Where none was set, every guardrail exists and objects to nothing. */
  find(key: string): Guardrail | undefined;
  list(): readonly Guardrail[];
  clear(): void;
}

const most = 1_000;
const keyOf = ({ id, version }: Pick<Guardrail, 'id' | 'version'>): string => `${id}:${version}`;

export function createGuardrailTable(): GuardrailTable {
  const known = new Map<string, Guardrail>();
  return {
    set: (given) => {
      for (const guardrail of given) if (known.size < most) known.set(keyOf(guardrail), guardrail);
    },
    find: (key) => (known.size === 0 ? guardrailSchema.parse({ id: key }) : known.get(key)),
    list: () => [...known.values()],
    clear: () => known.clear(),
  };
}

const body = z.looseObject({
  source: z.enum(['INPUT', 'OUTPUT']),
  content: z
    .array(
      z.looseObject({
        text: z.looseObject({ text: z.string(), qualifiers: z.array(z.string()).optional() }).optional(),
        image: z.looseObject({}).optional(),
      }),
    )
    .min(1),
  outputScope: z.enum(['INTERVENTIONS', 'FULL']).default('INTERVENTIONS'),
});

const charactersPerUnit = 1_000;
const mostUnits = 25;
const maskName = 'NAME';

/** What a guardrail says to texts, in AWS's shape. */
export function applyGuardrail(table: GuardrailTable, key: string, json: unknown): object | Refusal {
  const guardrail = table.find(key);
  if (!guardrail) return invalid('The guardrail identifier or version provided in the request does not exist.');
  const given = parseBody(body, json);
  if (isRefusal(given)) return given;
  const texts = given.content.map(({ text }) => text?.text ?? '');
  const characters = texts.join('').length;
  const units = Math.max(1, Math.ceil(characters / charactersPerUnit));
  if (units > mostUnits) return invalid(`Input is too long: it has ${units} text units, and at most 25 are allowed.`);
  const all = texts.join('\n').toLowerCase();
  const isFound = (word: string): boolean => all.includes(word.toLowerCase());
  const blocked = guardrail.blocked.filter(isFound);
  const masked = guardrail.masked.filter(isFound);
  const usage = usageOf(guardrail, units);
  return {
    usage,
    ...actionOf(guardrail, texts, blocked, masked),
    assessments: [assessmentOf(blocked, masked, usage, characters)],
    guardrailCoverage: coverage(characters),
  };
}

function actionOf(
  { message }: Guardrail,
  texts: readonly string[],
  blocked: readonly string[],
  masked: readonly string[],
) {
  if (blocked.length > 0) return intervened('Guardrail blocked.', [message]);
  if (masked.length === 0) return { action: 'NONE', actionReason: 'No action.', outputs: [] };
  return intervened(
    'Guardrail masked.',
    texts.map((text) => maskedText(text, masked)),
  );
}

const intervened = (actionReason: string, texts: readonly string[]) => ({
  action: 'GUARDRAIL_INTERVENED',
  actionReason,
  outputs: texts.map((text) => ({ text })),
});

const maskedText = (text: string, masked: readonly string[]): string =>
  masked.reduce((left, word) => left.split(word).join(`{${maskName}}`), text);

/** With the scope INTERVENTIONS only what was found is told; there is nothing else that this stand-in looks for. */
function assessmentOf(
  blocked: readonly string[],
  masked: readonly string[],
  usage: object,
  characters: number,
): object {
  const customWords = blocked.map((match) => ({ match, action: 'BLOCKED', detected: true }));
  const piiEntities = masked.map((match) => ({ match, type: maskName, action: 'ANONYMIZED', detected: true }));
  return {
    ...(customWords.length > 0 && { wordPolicy: { customWords, managedWordLists: [] } }),
    ...(piiEntities.length > 0 && { sensitiveInformationPolicy: { piiEntities, regexes: [] } }),
    invocationMetrics: { guardrailProcessingLatency: 1, usage, guardrailCoverage: coverage(characters) },
  };
}

const coverage = (characters: number) => ({ textCharacters: { guarded: characters, total: characters } });

function usageOf({ blocked, masked }: Guardrail, units: number) {
  return {
    topicPolicyUnits: 0,
    contentPolicyUnits: 0,
    wordPolicyUnits: blocked.length > 0 ? units : 0,
    sensitiveInformationPolicyUnits: masked.length > 0 ? units : 0,
    sensitiveInformationPolicyFreeUnits: 0,
    contextualGroundingPolicyUnits: 0,
    contentPolicyImageUnits: 0,
    automatedReasoningPolicyUnits: 0,
    automatedReasoningPolicies: 0,
  };
}
