import { z } from 'zod';
import { invalid, isRefusal, type Refusal } from './aws-error.js';
import type { Served } from './catalogue-rules.js';
import { converseBody, parseBody, shapeRefusal } from './converse-body.js';
import { nativeFormat } from './native/formats.js';
import { inputTokens } from './tokens.js';

const body = z.strictObject({
  input: z.union([
    z.strictObject({ converse: converseBody }),
    z.strictObject({ invokeModel: z.looseObject({ body: z.base64() }) }),
  ]),
});

/** Only Claude 3.5 and later are counted, and only under their base id. */
const countable = /^anthropic\.claude-(?:3-[57]|(?:opus|sonnet|haiku|fable)-\d)/;

function readJson(base64: string): unknown {
  try {
    return JSON.parse(Buffer.from(base64, 'base64').toString('utf8'));
  } catch {
    return invalid('The body of invokeModel is not valid JSON.');
  }
}

/** Answers CountTokens for a served model. */
export function countTokens(served: Served, json: unknown): { readonly inputTokens: number } | Refusal {
  if (served.requestedId !== served.model.id || !countable.test(served.model.id)) {
    return invalid("The provided model doesn't support counting tokens.");
  }
  const parsed = body.safeParse(json);
  if (!parsed.success) return shapeRefusal(parsed.error);
  const { input } = parsed.data;
  if ('converse' in input) return { inputTokens: inputTokens(input.converse) };
  const native = readJson(input.invokeModel.body);
  if (isRefusal(native)) return native;
  const decoded = nativeFormat(served.model)?.decode(native) ?? parseBody(converseBody, native);
  return isRefusal(decoded) ? decoded : { inputTokens: inputTokens(decoded) };
}
