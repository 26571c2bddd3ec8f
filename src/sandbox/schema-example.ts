/** A JSON Schema as it came in: nothing about it is certain. */
type Schema = Readonly<Record<string, unknown>>;

/** One example in the making. */
interface Scope {
  readonly root: Schema;
  /** How many values may still be made, so that nested lists cannot grow without end. */
  left: number;
}

const mostValues = 5_000;
const deepest = 12;
const mostItems = 50;

const formats: Readonly<Record<string, string>> = {
  'date-time': '2026-01-01T00:00:00Z',
  date: '2026-01-01',
  time: '00:00:00Z',
  duration: 'PT1S',
  email: 'sandbox@example.com',
  hostname: 'example.com',
  ipv4: '192.0.2.1',
  ipv6: '2001:db8::1',
  uri: 'https://example.com/',
  uuid: '00000000-0000-4000-8000-000000000000',
};

const isSchema = (value: unknown): value is Schema =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const schemas = (value: unknown): readonly Schema[] => (Array.isArray(value) ? value.filter(isSchema) : []);
const numberOf = (schema: Schema, key: string): number | undefined => {
  const value = schema[key];
  return typeof value === 'number' ? value : undefined;
};

function exampleString(schema: Schema): string {
  const format = schema['format'];
  const known = typeof format === 'string' ? formats[format] : undefined;
  if (known !== undefined) return known;
  const least = Math.min(numberOf(schema, 'minLength') ?? 0, 10_000);
  const text = 'sandbox'.padEnd(least, 'x');
  return text.slice(0, numberOf(schema, 'maxLength') ?? text.length);
}

/** The bounds of a number, with exclusive ones moved inwards. */
function boundsOf(schema: Schema, step: number): readonly [low: number, high: number] {
  const inwards = step || 0.5;
  const above = numberOf(schema, 'exclusiveMinimum') ?? Number.NEGATIVE_INFINITY;
  const below = numberOf(schema, 'exclusiveMaximum') ?? Number.POSITIVE_INFINITY;
  const low = Math.max(numberOf(schema, 'minimum') ?? Number.NEGATIVE_INFINITY, above + inwards);
  const high = Math.min(numberOf(schema, 'maximum') ?? Number.POSITIVE_INFINITY, below - inwards);
  // Between 0 and 0.5 exclusive there is room only for a real number.
  return low > high ? [(above + below) / 2, (above + below) / 2] : [low, high];
}

function exampleNumber(schema: Schema, whole: boolean): number {
  const step = numberOf(schema, 'multipleOf') ?? (whole ? 1 : 0);
  const [low, high] = boundsOf(schema, step);
  const value = Math.min(Math.max(1, low), high);
  if (step === 0) return value;
  const up = Math.ceil(value / step) * step;
  return up > high ? Math.floor(high / step) * step : up;
}

function typeOf(schema: Schema): string {
  const { type } = schema;
  const named: unknown = Array.isArray(type) ? (type.find((entry) => entry !== 'null') ?? 'null') : type;
  if (typeof named === 'string') return named;
  if (schema['properties'] ?? schema['required']) return 'object';
  if (schema['items'] ?? schema['prefixItems']) return 'array';
  const keys = Object.keys(schema);
  return keys.some((key) => /minimum|maximum|multipleOf/i.test(key)) ? 'number' : 'string';
}

function resolveReference(schema: Schema, root: Schema): Schema {
  const reference = schema['$ref'];
  if (typeof reference !== 'string' || !reference.startsWith('#')) return schema;
  const steps = reference.split('/').slice(1);
  const found = steps.reduce<unknown>((value, step) => {
    const key = decodeURIComponent(step).replaceAll('~1', '/').replaceAll('~0', '~');
    return isSchema(value) ? value[key] : undefined;
  }, root);
  return isSchema(found) ? found : {};
}

function united(left: Schema, right: Schema): Schema {
  const required = [...asArray(left['required']), ...asArray(right['required'])];
  const properties = { ...asSchema(left['properties']), ...asSchema(right['properties']) };
  return {
    ...left,
    ...right,
    ...(required.length > 0 ? { required } : {}),
    ...(Object.keys(properties).length > 0 ? { properties } : {}),
  };
}

/** The parts of `allOf` as one schema: properties and required names are united. */
function merged(schema: Schema, root: Schema, depth: number): Schema {
  if (depth > deepest) return schema;
  const parts = schemas(schema['allOf']).map((part) => merged(resolveReference(part, root), root, depth + 1));
  return parts.reduce(united, schema);
}

const asArray = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
const asSchema = (value: unknown): Schema => (isSchema(value) ? value : {});

/** A recursive schema ends where optional members are left out. */
function exampleObject(schema: Schema, scope: Scope, depth: number): Record<string, unknown> {
  const properties = asSchema(schema['properties']);
  const required = new Set(asArray(schema['required']).filter((name) => typeof name === 'string'));
  const wanted = Object.keys(properties).filter((name) => required.has(name) || depth < 3);
  const names = [...new Set([...wanted, ...required])];
  return Object.fromEntries(names.map((name) => [name, example(asSchema(properties[name]), scope, depth + 1)]));
}

function exampleArray(schema: Schema, scope: Scope, depth: number): unknown[] {
  const first = schemas(schema['prefixItems']).map((item) => example(item, scope, depth + 1));
  const least = Math.max(numberOf(schema, 'minItems') ?? 0, depth < 3 ? 1 : 0);
  const count = Math.min(least, numberOf(schema, 'maxItems') ?? least, mostItems) - first.length;
  const item = asSchema(schema['items']);
  const unique = schema['uniqueItems'] === true;
  const rest = Array.from({ length: Math.max(0, count) }, (_, index) => {
    const value = example(item, scope, depth + 1);
    if (!unique || index === 0) return value;
    return variant(value, item, index);
  });
  return [...first, ...rest];
}

/** Another value than the one before, for arrays whose items must differ. */
function variant(value: unknown, schema: Schema, index: number): unknown {
  const choices = asArray(schema['enum']);
  if (choices.length > 0) return choices[index % choices.length];
  if (typeof value === 'number') return value + index * (numberOf(schema, 'multipleOf') ?? 1);
  return typeof value === 'string' ? `${value}${index}` : value;
}

function exampleOfType(schema: Schema, scope: Scope, depth: number): unknown {
  switch (typeOf(schema)) {
    case 'object':
      return exampleObject(schema, scope, depth);
    case 'array':
      return exampleArray(schema, scope, depth);
    case 'integer':
      return exampleNumber(schema, true);
    case 'number':
      return exampleNumber(schema, false);
    case 'boolean':
      return true;
    case 'null':
      return null;
    default:
      return exampleString(schema);
  }
}

function example(given: Schema, scope: Scope, depth: number): unknown {
  scope.left -= 1;
  if (depth > deepest || scope.left < 0) return null;
  const { root } = scope;
  const schema = merged(resolveReference(given, root), root, 0);
  if ('$ref' in schema && schema !== given) return example(schema, scope, depth + 1);
  if ('const' in schema) return schema['const'];
  if ('default' in schema) return schema['default'];
  const [choice] = asArray(schema['enum']);
  if (choice !== undefined) return choice;
  const [variantSchema] = [...schemas(schema['anyOf']), ...schemas(schema['oneOf'])];
  if (variantSchema) {
    const { anyOf: _any, oneOf: _one, ...base } = schema;
    return example({ ...base, ...resolveReference(variantSchema, root) }, scope, depth + 1);
  }
  return exampleOfType(schema, scope, depth);
}

/** A value that fits a JSON Schema of the usual kind (no patterns); always the same for the same schema. */
export function exampleOf(schema: unknown): unknown {
  const root = asSchema(schema);
  return example(root, { root, left: mostValues }, 0);
}
