import { z } from 'zod';
import type { Random } from '../core/clock.js';
import { type AwsErrorName, awsErrors } from './aws-error.js';
import { type CallFacts, isStreaming, matches, matchFields } from './match.js';

const afterEvents = z.int().min(0).max(1_000_000).default(1);
const errorNames = Object.keys(awsErrors) as [AwsErrorName, ...AwsErrorName[]];

export const streamExceptions = [
  'internalServerException',
  'modelStreamErrorException',
  'validationException',
  'throttlingException',
  'serviceUnavailableException',
  'modelTimeoutException',
] as const;

const common = {
  ...matchFields,
  /** How many calls it hits; without it and without a probability, every call. */
  count: z.int().min(1).max(1_000_000_000).optional(),
  /** Hits a matching call with this chance. */
  probability: z.number().min(0).max(1).optional(),
};

const simple = <Kind extends string>(kind: Kind) => z.strictObject({ kind: z.literal(kind), ...common });
const inStream = <Kind extends string>(kind: Kind) => z.strictObject({ kind: z.literal(kind), ...common, afterEvents });

/** One fault to play. `afterEvents` counts whole events sent before it. */
export const faultSchema = z
  .discriminatedUnion('kind', [
    z.strictObject({
      kind: z.literal('error'),
      ...common,
      name: z.enum(errorNames),
      message: z.string().max(4_096).optional(),
      /** Another status than AWS's own for the name. */
      status: z.int().min(400).max(599).optional(),
      /** Leaves the error-type header out, as some proxies do. */
      nameless: z.boolean().optional(),
      /** Adds a Retry-After header. */
      retryAfterSeconds: z.number().min(0).max(86_400).optional(),
    }),
    z.strictObject({
      kind: z.literal('stream-exception'),
      ...common,
      afterEvents,
      name: z.enum(streamExceptions),
      message: z.string().max(4_096).optional(),
    }),
    /** Ends the connection without an answer. */
    simple('cut-before'),
    /** Ends the connection after so many events; half way through the body when the answer is no stream. */
    inStream('cut'),
    /** Ends the stream in order, but without what has to come last. */
    inStream('end-early'),
    /** Sends half a frame (or body) and resets the connection. */
    inStream('reset'),
    /** Sends half a frame and ends the answer in order. */
    inStream('half-frame'),
    /** Never sends the head of the answer. */
    simple('hang'),
    /** Sends so many events and then nothing for ever. */
    inStream('stall'),
    z.strictObject({
      kind: z.literal('slow-drip'),
      ...common,
      bytesPerSecond: z.number().min(0.1).max(1_000_000).default(1),
    }),
    inStream('bad-crc'),
    inStream('unknown-event'),
    /** A stream of nothing, or an answer with an empty body. */
    simple('empty-body'),
    simple('empty-object'),
    simple('malformed-json'),
    simple('html-error'),
    z.strictObject({
      kind: z.literal('giant-body'),
      ...common,
      bytes: z.int().min(1).max(1_073_741_824).default(52_428_800),
    }),
    z.strictObject({
      kind: z.literal('wrong-content-type'),
      ...common,
      contentType: z.string().min(1).max(256).default('text/plain'),
    }),
    z.strictObject({
      kind: z.literal('bad-usage'),
      ...common,
      /** Overrides members of the usage with anything at all; null leaves a member out. */
      usage: z.record(z.string(), z.unknown()),
    }),
  ])
  .refine((fault) => fault.count === undefined || fault.probability === undefined, 'give either count or probability');
export type Fault = z.output<typeof faultSchema>;
export type FaultSpec = z.input<typeof faultSchema>;

const onlyInStreams: ReadonlySet<Fault['kind']> = new Set([
  'stream-exception',
  'end-early',
  'half-frame',
  'bad-crc',
  'unknown-event',
]);

interface FaultState {
  readonly fault: Fault;
  readonly hits: number;
}

export interface FaultPlan {
  add(faults: readonly Fault[]): void;
  /** The first fault, in the order in which they were given, that hits this call. */
  take(facts: CallFacts): Fault | undefined;
  list(): readonly FaultState[];
  clear(): void;
}

const most = 1_000;

export function createFaultPlan(random: Random): FaultPlan {
  let plan: { readonly fault: Fault; hits: number }[] = [];

  function hits({ fault, hits: done }: FaultState, facts: CallFacts): boolean {
    if (fault.count !== undefined && done >= fault.count) return false;
    if (onlyInStreams.has(fault.kind) && !isStreaming(facts.operation)) return false;
    return matches(fault, facts) && (fault.probability === undefined || random.next() < fault.probability);
  }

  return {
    add: (faults) =>
      plan.push(...faults.slice(0, Math.max(0, most - plan.length)).map((fault) => ({ fault, hits: 0 }))),
    take: (facts) => {
      const entry = plan.find((candidate) => hits(candidate, facts));
      if (entry) entry.hits += 1;
      return entry?.fault;
    },
    list: () => plan.map((entry) => ({ ...entry })),
    clear: () => {
      plan = [];
    },
  };
}
