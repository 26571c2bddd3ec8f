import { readFileSync } from 'node:fs';
import { type Catalogue, catalogueSchema } from '../../core/model.js';

/** The table of models that ships with the server, validated. Throws a ZodError when the file was edited wrongly. */
export function loadCatalogue(): Catalogue {
  const text = readFileSync(new URL('./bedrock-models.json', import.meta.url), 'utf8');
  return catalogueSchema.parse(JSON.parse(text));
}
