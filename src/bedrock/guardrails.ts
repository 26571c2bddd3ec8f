import type { GuardrailStreamConfiguration, GuardrailTraceAssessment } from '@aws-sdk/client-bedrock-runtime';

/** The guardrail that all calls go through. */
export interface Guardrail {
  readonly id: string;
  readonly version: string;
}

export function guardrailConfig({ id, version }: Guardrail): GuardrailStreamConfiguration {
  return {
    guardrailIdentifier: id,
    guardrailVersion: version,
    trace: 'enabled',
    // Text must not go out before it was looked at.
    streamProcessingMode: 'sync',
  };
}

/** Kinds of policies in an assessment, with where each says what it found. */
const findings = [
  ['topicPolicy', 'topics', 'name'],
  ['contentPolicy', 'filters', 'type'],
  ['wordPolicy', 'managedWordLists', 'type'],
  ['sensitiveInformationPolicy', 'piiEntities', 'type'],
  ['sensitiveInformationPolicy', 'regexes', 'name'],
  ['contextualGroundingPolicy', 'filters', 'type'],
] as const;

const mostNamed = 5;

/** What the guardrail objected to, in a few words. Names policies only: what they matched is what they are to hide. */
export function guardrailNotice(trace: GuardrailTraceAssessment | undefined): string {
  return objectionsNotice([
    ...Object.values(trace?.inputAssessment ?? {}),
    ...Object.values(trace?.outputAssessments ?? {}).flat(),
  ]);
}

export function objectionsNotice(assessments: readonly unknown[]): string {
  const named = new Set(assessments.flatMap(objections));
  const why = named.size === 0 ? '' : `: ${[...named].slice(0, mostNamed).join(', ')}`;
  return `The guardrail intervened${why}.`;
}

/** Whether anything was blocked, or all that was found only masked; without a word on it, it was. */
export function isBlocked(assessments: readonly unknown[] = []): boolean {
  const actions = assessments.flatMap((assessment) =>
    [...findings, ['wordPolicy', 'customWords'] as const].flatMap(([policy, list]) =>
      items(field(field(assessment, policy), list)).map((item) => field(item, 'action')),
    ),
  );
  const found = actions.filter(isIntervention);
  return found.length === 0 || found.some((action) => action !== 'ANONYMIZED');
}

function objections(assessment: unknown): string[] {
  const found = findings.flatMap(([policy, list, name]) =>
    items(field(field(assessment, policy), list))
      .filter((item) => isIntervention(field(item, 'action')))
      .map((item) => field(item, name)),
  );
  const words = items(field(field(assessment, 'wordPolicy'), 'customWords')).length > 0 ? ['custom word'] : [];
  return [...found.filter((name) => typeof name === 'string').map(shortName), ...words];
}

/** An assessment lists what was only looked at, too. */
const isIntervention = (action: unknown): boolean => action !== 'NONE';
const shortName = (name: string): string => name.replace(/[^\w .-]/g, ' ').slice(0, 60);

/** The trace is a part of the answer, so nothing about its shape is certain. */
const field = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
const items = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
