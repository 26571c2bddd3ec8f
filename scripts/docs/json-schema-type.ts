type Schema = Readonly<Record<string, unknown>>;

const isSchema = (value: unknown): value is Schema => typeof value === 'object' && value !== null;

function alternatives(schema: Schema): readonly unknown[] | undefined {
  const found = schema['anyOf'] ?? schema['oneOf'];
  return Array.isArray(found) ? found : undefined;
}

function limits(schema: Schema): string {
  const from = schema['minimum'] ?? schema['exclusiveMinimum'];
  const to = schema['maximum'];
  if (typeof from === 'number') return typeof to === 'number' ? `, ${from} to ${to}` : `, from ${from}`;
  return typeof to === 'number' ? `, to ${to}` : '';
}

/** What a reference to `#/$defs/…` stands for; anything else is itself. */
function resolved(schema: unknown, definitions: unknown): unknown {
  const reference = isSchema(schema) ? schema['$ref'] : undefined;
  if (typeof reference !== 'string' || !isSchema(definitions)) return schema;
  return definitions[reference.slice('#/$defs/'.length)];
}

/** A JSON Schema in a few words, for a table cell. `definitions`: the `$defs` of its document. */
export function schemaType(reference: unknown, definitions?: unknown): string {
  const schema = resolved(reference, definitions);
  if (!isSchema(schema)) return 'any';
  if (Array.isArray(schema['enum'])) return schema['enum'].map((value) => JSON.stringify(value)).join(', ');
  if (schema['const'] !== undefined) return JSON.stringify(schema['const']);
  const choices = alternatives(schema);
  if (choices) return [...new Set(choices.map((choice) => schemaType(choice, definitions)))].join(' or ');
  if (schema['type'] === 'array') return `array of ${schemaType(schema['items'], definitions)}`;
  return typeof schema['type'] === 'string' ? `${schema['type']}${limits(schema)}` : 'any';
}

export interface Property {
  readonly name: string;
  readonly type: string;
  readonly required: boolean;
  readonly description: string;
}

/** The properties of an object schema, in its order. */
export function propertiesOf(schema: Schema): readonly Property[] {
  const { properties, required } = schema;
  const names = Array.isArray(required) ? required : [];
  return Object.entries(isSchema(properties) ? properties : {}).map(([name, value]) => ({
    name,
    type: schemaType(value, schema['$defs']),
    required: names.includes(name),
    description: isSchema(value) && typeof value['description'] === 'string' ? value['description'] : '',
  }));
}
