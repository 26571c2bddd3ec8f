import { invalid } from './aws-error.js';
import type { Rule } from './rule.js';

/* What models with structured output refuse of a schema. */

type Fields = Readonly<Record<string, unknown>>;

const asObject = (value: unknown): Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : {};

const refusedKeywords = ['minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum', 'multipleOf', 'maxItems'];
const mostSchemas = 5_000;

/** Models hold their output to closed objects only, and to no limits of numbers. */
export const answerSchema: Rule = ({ model, body, native }) => {
  const text = body.outputConfig?.textFormat?.structure.jsonSchema.schema;
  if (text === undefined || native) return undefined;
  if (model.strictTools !== true) return invalid("This model doesn't support structured output.");
  const open: unknown[] = [JSON.parse(text)];
  for (let seen = 0; open.length > 0 && seen < mostSchemas; seen += 1) {
    const schema = asObject(open.pop());
    const refused = refusedKeywords.find((keyword) => keyword in schema);
    if (refused) return invalid(`output_config.format.schema: property '${refused}' is not supported.`);
    if (schema['type'] === 'object' && schema['additionalProperties'] !== false) {
      return invalid("output_config.format.schema: For 'object' type, 'additionalProperties' must be set to false.");
    }
    const { items, anyOf, allOf, properties, $defs, definitions } = schema;
    open.push(items, ...[anyOf, allOf].filter(Array.isArray).flat());
    for (const named of [properties, $defs, definitions]) open.push(...Object.values(asObject(named)));
  }
  return undefined;
};
