import type { Caller } from '../core/pipeline.js';

/** Names a caller in the stores. A pair, so that no two callers can be mistaken for one another. */
export const ownerOf = ({ tenant, id }: Caller): string => JSON.stringify([tenant, id]);
