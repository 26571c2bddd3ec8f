import type { Model } from '../../core/model.js';
import type { RoutedRequest } from '../../core/request.js';
import { familyOf } from './families.js';
import type { ModelFamily } from './model-family.js';

/** When a model is asked in its own format: never, only where Converse cannot do it, or wherever the format can. */
export const nativeModes = ['never', 'fallback', 'always'] as const;
export type NativeMode = (typeof nativeModes)[number];

type Argument = 'top_k' | 'stop_sequences';

/** What Converse has no place for although the models take it in their own body. */
const beyondConverse: Readonly<Record<string, readonly Argument[]>> = {
  'mistral-text': ['top_k'],
  'cohere-generate': ['top_k'],
  'cohere-chat': ['top_k'],
};

export const converseTakes = (argument: Argument, { nativeFormat = '' }: Model): boolean =>
  !(beyondConverse[nativeFormat] ?? []).includes(argument);

/** What a format has no place for although Converse does, by the name of the format. */
const beyondFormat: Readonly<Record<string, readonly Argument[]>> = { llama: ['stop_sequences'] };

/** The family that the request may be sent to in its own format; undefined: it goes through Converse. */
export function nativeCandidate(request: RoutedRequest, model: Model, mode: NativeMode): ModelFamily | undefined {
  if (mode === 'never') return undefined;
  const lacks = (beyondFormat[model.nativeFormat ?? ''] ?? []).some((argument) => request[argument] !== undefined);
  // InvokeModel has no way to ask for single fields of an answer.
  const asksForFields = request.additional_model_response_field_paths !== undefined;
  if ((lacks || asksForFields) && model.converse) return undefined;
  const asks = (beyondConverse[model.nativeFormat ?? ''] ?? []).some((argument) => request[argument] !== undefined);
  return mode === 'always' || !model.converse || asks ? familyOf(model) : undefined;
}
