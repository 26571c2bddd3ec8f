import { z } from 'zod';
import type { Usage } from '../../src/core/response.js';

/** Published once for each tool that uses it, by its id. */
export const usageResult = z
  .strictObject({
    input_tokens: z.int(),
    output_tokens: z.int(),
    cache_read_tokens: z.int(),
    cache_write_tokens: z.int(),
    total_tokens: z.int(),
    estimated: z.boolean(),
  })
  .meta({ id: 'usage' });

export function toUsageResult(usage: Usage): z.input<typeof usageResult> {
  return {
    input_tokens: usage.inputTokens,
    output_tokens: usage.outputTokens,
    cache_read_tokens: usage.cacheReadTokens,
    cache_write_tokens: usage.cacheWriteTokens,
    total_tokens: usage.totalTokens,
    estimated: usage.estimated,
  };
}
