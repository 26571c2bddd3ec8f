/* JSON Schemas as models with structured output take them: without some keywords, and every object closed. */

type Schema = Readonly<Record<string, unknown>>;

/** Refused by the models' grammars; the answer is checked against them afterwards all the same. */
const refusedKeywords: ReadonlySet<string> = new Set([
  'minimum',
  'maximum',
  'exclusiveMinimum',
  'exclusiveMaximum',
  'multipleOf',
  'minLength',
  'maxLength',
  'maxItems',
  'uniqueItems',
  'minProperties',
  'maxProperties',
]);
/** They would mean something else in a closed object, or have no counterpart at all. */
const hopelessKeywords = [
  'patternProperties',
  'propertyNames',
  'dependentSchemas',
  'if',
  'not',
  'oneOf',
  '$dynamicRef',
  'unevaluatedProperties',
  'prefixItems',
  'contains',
] as const;
const mapsOfSchemas: ReadonlySet<string> = new Set(['properties', '$defs', 'definitions']);
const listsOfSchemas: ReadonlySet<string> = new Set(['anyOf', 'allOf']);
const deepest = 30;

/** The schema in the form that structured output takes; undefined when it cannot be said there. */
export function strictSchema(schema: Schema): Schema | undefined {
  try {
    return strict(schema, 0);
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

/** @throws RangeError for what has no strict form. */
function strict(schema: Schema, depth: number): Schema {
  const isOpen = schema['additionalProperties'] !== undefined && schema['additionalProperties'] !== false;
  if (depth > deepest || isOpen || hopelessKeywords.some((keyword) => keyword in schema)) {
    throw new RangeError('no strict form');
  }
  const kept: Record<string, unknown> = {};
  const limits: string[] = [];
  for (const [keyword, value] of Object.entries(schema)) {
    if (keyword === '$schema' || keyword === '$id') continue;
    if (isRefused(keyword, value)) limits.push(`${keyword}: ${JSON.stringify(value)}`);
    else kept[keyword] = inner(keyword, value, depth);
  }
  if (limits.length > 0) kept['description'] = described(schema['description'], limits);
  if (isObjectSchema(schema)) kept['additionalProperties'] = false;
  return kept;
}

const isRefused = (keyword: string, value: unknown): boolean =>
  refusedKeywords.has(keyword) || (keyword === 'minItems' && typeof value === 'number' && value > 1);

function inner(keyword: string, value: unknown, depth: number): unknown {
  if (keyword === 'items') return strict(asSchema(value), depth + 1);
  if (listsOfSchemas.has(keyword) && Array.isArray(value)) {
    return value.map((each) => strict(asSchema(each), depth + 1));
  }
  if (!mapsOfSchemas.has(keyword)) return value;
  const entries = Object.entries(asSchema(value));
  return Object.fromEntries(entries.map(([name, each]) => [name, strict(asSchema(each), depth + 1)]));
}

/** @throws RangeError for `true` and `false`, which are schemas that no grammar knows. */
function asSchema(value: unknown): Schema {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Schema;
  throw new RangeError('no strict form');
}

/** What the grammar cannot hold, the model is at least told. */
const described = (description: unknown, limits: readonly string[]): string =>
  [...(typeof description === 'string' ? [description] : []), `(${limits.join(', ')})`].join(' ');

const isObjectSchema = ({ type, properties }: Schema): boolean =>
  type === 'object' || (Array.isArray(type) && type.includes('object')) || properties !== undefined;
