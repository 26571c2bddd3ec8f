import type { Answer } from './answer.js';
import type { Served } from './catalogue-rules.js';
import type { ConverseBody } from './converse-body.js';
import { nativeFormat } from './native/formats.js';

/** The answer with the fields that `additionalModelResponseFieldPaths` points to, out of the model's own format. */
export function withResponseFields(answer: Answer, served: Served, body: ConverseBody): Answer {
  const paths = body.additionalModelResponseFieldPaths ?? [];
  if (paths.length === 0) return answer;
  const own = nativeFormat(served.model)?.encode(answer, served, { latencyMs: 1, firstByteMs: 1 });
  const found = paths.flatMap((path) => {
    const names = namesIn(path);
    const value = names.reduce<unknown>(member, own);
    return value === undefined ? [] : [names.reduceRight<unknown>((inner, name) => ({ [name]: inner }), value)];
  });
  if (found.length === 0) return answer;
  return { ...answer, extra: { additionalModelResponseFields: Object.assign({}, ...found) as object } };
}

/** Of a JSON pointer, RFC 6901. */
const namesIn = (pointer: string): readonly string[] =>
  pointer
    .slice(1)
    .split('/')
    .map((name) => name.replaceAll('~1', '/').replaceAll('~0', '~'));

const member = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null && Object.hasOwn(value, name) ? Reflect.get(value, name) : undefined;
