import type {
  ConverseStreamOutput,
  ConverseStreamTrace,
  GuardrailTraceAssessment,
} from '@aws-sdk/client-bedrock-runtime';
import { ServiceError } from '../../core/errors.js';
import { type Counts, stopEvent, usageEvents } from './events.js';
import { type Json, listOf, objectOf } from './json.js';
import type { ModelFamily } from './model-family.js';

/* What is the same in all native answers: where Bedrock itself adds counts and says that a guardrail stepped in. */

const decoder = new TextDecoder();

function read(bytes: Uint8Array | undefined): Json {
  try {
    return objectOf(JSON.parse(decoder.decode(bytes)));
  } catch (cause) {
    throw new ServiceError('model_error', 'Bedrock sent an answer of the model that cannot be read.', {
      reason: 'invalid_answer',
      cause,
    });
  }
}

type CountName = 'inputTokens' | 'outputTokens' | 'cacheReadInputTokens' | 'cacheWriteInputTokens';

const headerNames: readonly (readonly [string, CountName])[] = [
  ['x-amzn-bedrock-input-token-count', 'inputTokens'],
  ['x-amzn-bedrock-output-token-count', 'outputTokens'],
  ['x-amzn-bedrock-cache-read-input-token-count', 'cacheReadInputTokens'],
  ['x-amzn-bedrock-cache-write-input-token-count', 'cacheWriteInputTokens'],
];

function headerCounts(headers: Readonly<Record<string, string>>): Counts {
  const found = headerNames.flatMap(([header, name]) =>
    headers[header] === undefined ? [] : [[name, Number(headers[header])]],
  );
  return Object.fromEntries(found) as Counts;
}

const metricNames: readonly (readonly [string, CountName])[] = [
  ['inputTokenCount', 'inputTokens'],
  ['outputTokenCount', 'outputTokens'],
  ['cacheReadInputTokenCount', 'cacheReadInputTokens'],
  ['cacheWriteInputTokenCount', 'cacheWriteInputTokens'],
];

function metricCounts(chunk: Json): Counts {
  const metrics = objectOf(chunk['amazon-bedrock-invocationMetrics']);
  return Object.fromEntries(
    metricNames.flatMap(([metric, name]) => (metrics[metric] === undefined ? [] : [[name, metrics[metric]]])),
  );
}

/** That a guardrail stepped in, with what it says of its reasons. */
function interventionOf(answer: Json): readonly ConverseStreamOutput[] {
  if (answer['amazon-bedrock-guardrailAction'] !== 'INTERVENED') return [];
  const { input, outputs } = objectOf(objectOf(answer['amazon-bedrock-trace'])['guardrail']);
  const outputAssessments = Object.fromEntries(
    listOf(outputs).flatMap((output) => Object.entries(output).map(([id, found]) => [id, [found]])),
  );
  const guardrail = { inputAssessment: objectOf(input), outputAssessments } as GuardrailTraceAssessment;
  return [
    stopEvent('guardrail_intervened'),
    { metadata: { usage: undefined, metrics: undefined, trace: { guardrail } } },
  ];
}

/** Puts the counts of model and service together: the model's own split of cached tokens is the finer one. */
function createTally() {
  let service: Counts = {};
  let model: Counts = {};
  let trace: ConverseStreamTrace | undefined;
  return {
    /** Takes the counts out of the events; everything else passes. */
    take: (events: readonly ConverseStreamOutput[]): readonly ConverseStreamOutput[] =>
      events.filter(({ metadata }) => {
        if (metadata) model = { ...model, ...metadata.usage };
        trace = metadata?.trace ?? trace;
        return metadata === undefined;
      }),
    add: (counts: Counts): void => {
      service = { ...service, ...counts };
    },
    events: (): readonly ConverseStreamOutput[] => {
      const events = usageEvents({ ...service, ...model });
      if (trace === undefined) return events;
      return [{ metadata: { usage: undefined, metrics: undefined, ...events[0]?.metadata, trace } }];
    },
  };
}

export interface WholeAnswer {
  readonly body: Uint8Array | undefined;
  /** Names in small letters. */
  readonly headers: Readonly<Record<string, string>>;
}

/** The answer of InvokeModel as the events that a stream of Converse would have brought. */
export function wholeEvents(family: ModelFamily, { body, headers }: WholeAnswer): readonly ConverseStreamOutput[] {
  const answer = read(body);
  const tally = createTally();
  tally.add(headerCounts(headers));
  const events = tally.take(family.decode(answer));
  return [...events, ...tally.take(interventionOf(answer)), ...tally.events()];
}

/** The same for the chunks of InvokeModelWithResponseStream, as they arrive. */
export async function* streamEvents(
  family: ModelFamily,
  stream: AsyncIterable<Uint8Array | undefined>,
): AsyncGenerator<ConverseStreamOutput> {
  const decode = family.streamDecoder?.() ?? (() => []);
  const tally = createTally();
  for await (const bytes of stream) {
    const chunk = read(bytes);
    tally.add(metricCounts(chunk));
    yield* tally.take(decode(chunk));
    yield* tally.take(interventionOf(chunk));
  }
  yield* tally.events();
}
