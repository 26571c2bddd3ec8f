import type { RoutedRequest } from '../core/request.js';

/*
 * Fields that are a model's own and no argument of this server: `additional_model_request_fields`. Which families know
 * which; a row is added here when a family learns another.
 */

const familyFields: readonly (readonly [models: RegExp, fields: readonly string[]])[] = [
  [/^anthropic\./, ['top_k', 'thinking', 'output_config', 'anthropic_beta', 'metadata', 'context_management']],
  [/^amazon\.nova-2-/, ['inferenceConfig', 'reasoningConfig', 'top_k']],
  [/^amazon\.nova-/, ['inferenceConfig', 'top_k']],
  [/^qwen\./, ['reasoning_config']],
  [/^openai\./, ['reasoning_effort']],
];

type Fields = Readonly<Record<string, unknown>>;

export interface OwnFields {
  /** Undefined: there are none. */
  readonly fields?: Fields;
  readonly notices: readonly string[];
  /** True when the fields tell the model to think. */
  readonly thinks: boolean;
}

/**
 * The caller's fields over ours. A field that the target's family does not know goes only to the model that was asked for
 * by its id: a fallback model would refuse the whole request for it.
 */
export function ownFields(request: RoutedRequest, ours: Fields | undefined): OwnFields {
  const given = Object.entries(request.additional_model_request_fields ?? {});
  const known = familyFields.find(([models]) => models.test(request.target.model))?.[1] ?? [];
  const goes = (name: string) => known.includes(name) || isAskedById(request);
  const taken = given.filter(([name]) => goes(name));
  const fields = merged(ours ?? {}, Object.fromEntries(taken));
  return {
    ...(Object.keys(fields).length > 0 && { fields }),
    thinks: taken.some(([name]) => /think|reason/i.test(name)),
    notices: given.filter(([name]) => !goes(name)).map(([name]) => leftOut(name, request)),
  };
}

const isAskedById = ({ model = '', target }: RoutedRequest): boolean =>
  model.includes(target.model) || model === target.profile;

function leftOut(name: string, { target }: RoutedRequest): string {
  const shown = name.replace(/[^\w.-]/g, ' ').slice(0, 64);
  return `\`additional_model_request_fields.${shown}\` was left out: it is not known as a field of ${target.model}.`;
}

function merged(ours: Fields, theirs: Fields): Fields {
  const both = Object.entries(theirs).map(([name, value]) => {
    const own = ours[name];
    return [name, isObject(own) && isObject(value) ? { ...own, ...value } : value] as const;
  });
  return { ...ours, ...Object.fromEntries(both) };
}

const isObject = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
