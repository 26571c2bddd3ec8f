import type { Caller } from './pipeline.js';

/** Names a caller in stores. A pair, so that no two callers can be mistaken for one another. */
export const callerKey = ({ tenant, id }: Pick<Caller, 'tenant' | 'id'>): string => JSON.stringify([tenant, id]);
