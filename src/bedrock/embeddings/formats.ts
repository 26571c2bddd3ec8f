import type { Model } from '../../core/model.js';
import { cohereEmbedV3, cohereEmbedV4 } from './cohere-embed.js';
import type { EmbeddingFormat } from './embedding-format.js';
import { novaEmbed } from './nova-embed.js';
import { titanEmbedImage, titanEmbedV1, titanEmbedV2 } from './titan-embed.js';

/** The first that fits. */
const formats: readonly (readonly [models: RegExp, format: EmbeddingFormat, choosesDimensions: boolean])[] = [
  [/^amazon\.titan-embed-image/, titanEmbedImage, true],
  [/^amazon\.titan-embed-text-v2/, titanEmbedV2, true],
  [/^amazon\.titan-embed/, titanEmbedV1, false],
  [/^amazon\.nova.*embed/, novaEmbed, true],
  [/^cohere\.embed-v([4-9]|\d\d)/, cohereEmbedV4, true],
  [/^cohere\.embed/, cohereEmbedV3, false],
];

export interface KnownFormat {
  readonly format: EmbeddingFormat;
  /** False: the length of its vectors is what it is. */
  readonly choosesDimensions: boolean;
}

/** The format of an embedding model; undefined when there is none for it. */
export function embeddingFormatOf({ id }: Pick<Model, 'id'>): KnownFormat | undefined {
  const found = formats.find(([models]) => models.test(id));
  return found && { format: found[1], choosesDimensions: found[2] };
}
