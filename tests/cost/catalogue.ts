import { readFileSync } from 'node:fs';
import { type Catalogue, catalogueSchema, type Model, modelSchema } from '../../src/core/model.js';

const file = new URL('../../src/models/catalogue/bedrock-models.json', import.meta.url);

/** The catalogue that the product ships. */
export const catalogue: Catalogue = catalogueSchema.parse(JSON.parse(readFileSync(file, 'utf8')));

/** A chat model of an invented family, with the given fields on top. */
export const model = (fields: { id: string } & Partial<Model>): Model =>
  modelSchema.parse({
    provider: 'acme',
    family: 'acme',
    kind: 'chat',
    lifecycle: { status: 'ACTIVE' },
    callable: true,
    input: ['text'],
    output: ['text'],
    converse: true,
    converseStream: true,
    ...fields,
  });
