import type { RecordedCall } from '../../src/sandbox/calls.js';
import { isAnswer, type LabCall } from './application.js';

/** A call that was truly made for its idempotency key; others with the key may have got its answer. */
export interface KeyedCall {
  readonly key: string;
  readonly call: LabCall;
}

/** A key has one answer, after which nothing more is sent for it; each request that reached the sandbox was an attempt. */
export function keyProblems(keyed: readonly KeyedCall[], upstream: readonly RecordedCall[]): string[] {
  const keys = new Set(keyed.map(({ key }) => key));
  return [...keys].flatMap((key) => {
    const calls = keyed.filter((made) => made.key === key).map(({ call }) => call);
    const answers = calls.findIndex(({ outcome }) => isAnswer(outcome));
    const problems: string[] = [];
    if (answers >= 0 && answers < calls.length - 1) problems.push(`${key} was called again after its answer`);
    const sent = upstream.filter(({ requestBody }) => requestBody.includes(key)).length;
    const attempts = calls.flatMap(({ events }) => events).filter(({ type }) => type === 'attempt-ended').length;
    if (sent > attempts) problems.push(`${sent} requests for ${key} reached the sandbox, ${attempts} were attempts`);
    return problems;
  });
}
