import type { Sealer } from '../../storage/sealer.js';

/** The version in the name lets a new format start with an empty cache, without a scan over all keys. */
const prefix = 'kairos-bedrock:cache:v2';

/** Names in Redis of what belongs to one answer. They share a hash tag, so that one script may touch them all. */
export interface AnswerNames {
  readonly entry: string;
  /** Held by the process that makes the answer. */
  readonly lock: string;
  /** Numbers the makers of the answer, so that a late one cannot overwrite a newer. */
  readonly fence: string;
}

/** The names of a key, the newest first: with several encryption keys an answer may lie under the name of any. */
export function answerNames(key: string, sealer: Sealer | undefined): readonly [AnswerNames, ...AnswerNames[]] {
  const [tenant = '', question = ''] = key.split('/');
  if (!sealer) return [namesOf(tenant, question)];
  const [newest, ...older] = sealer.names(key);
  return [namesOf('sealed', newest), ...older.map((name) => namesOf('sealed', name))];
}

function namesOf(tenant: string, question: string): AnswerNames {
  const stem = `${prefix}:${tenant}:{${question}}`;
  return { entry: stem, lock: `${stem}:lock`, fence: `${stem}:fence` };
}

/** Where the rules of invalidation are; one hash tag for their number and their list. */
export const dropRuleNames = { list: '{kairos-bedrock:drops:v1}:list', version: '{kairos-bedrock:drops:v1}:version' };
export const dropRuleChannel = 'kairos-bedrock:drops:v1';
