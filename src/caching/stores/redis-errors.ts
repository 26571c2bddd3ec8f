const messageOf = (error: unknown): string => (error instanceof Error ? error.message : '');

/** Another Redis type under a name of ours says nothing about the health of Redis. */
export const isWrongType = (error: unknown): boolean => messageOf(error).includes('WRONGTYPE');

/** A full Redis refuses writes; it still answers reads, so that it stays in use. */
export const isOutOfMemory = (error: unknown): boolean => messageOf(error).includes('OOM');
