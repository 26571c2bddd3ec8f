export const hourMs = 3_600_000;
/** Days of Unix time all have the same length. */
export const dayMs = 24 * hourMs;
