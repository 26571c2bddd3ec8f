import { z } from 'zod';

const operations = [
  'Converse',
  'ConverseStream',
  'InvokeModel',
  'InvokeModelWithResponseStream',
  'CountTokens',
  'ApplyGuardrail',
  'ListFoundationModels',
  'GetFoundationModelAvailability',
  'ListInferenceProfiles',
  'GetInferenceProfile',
] as const;
export type Operation = (typeof operations)[number];

export const isStreaming = (operation: Operation): boolean =>
  operation === 'ConverseStream' || operation === 'InvokeModelWithResponseStream';

export const eventStreamType = 'application/vnd.amazon.eventstream';

/** Which calls an order to the sandbox is for; what is left out matches all. */
export const matchFields = {
  /** Base id or profile id; a base id also matches calls through its profiles. */
  model: z.string().min(1).max(2_048).optional(),
  region: z.string().min(1).max(64).optional(),
  operation: z.enum(operations).optional(),
};

export interface MatchFields {
  readonly model?: string | undefined;
  readonly region?: string | undefined;
  readonly operation?: Operation | undefined;
}

/** What is known of a call when it is matched. */
export interface CallFacts {
  readonly operation: Operation;
  readonly region: string;
  /** As the caller sent it. */
  readonly requestedId?: string | undefined;
  readonly baseId?: string | undefined;
}

export function matches(wanted: MatchFields, facts: CallFacts): boolean {
  if (wanted.operation !== undefined && wanted.operation !== facts.operation) return false;
  if (wanted.region !== undefined && wanted.region !== facts.region) return false;
  return wanted.model === undefined || wanted.model === facts.requestedId || wanted.model === facts.baseId;
}
