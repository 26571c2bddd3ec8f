/** Token counts in AWS's names; `totalTokens` is the sum of the four others. */
export interface Usage {
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly totalTokens: number;
  readonly cacheReadInputTokens: number;
  readonly cacheWriteInputTokens: number;
  readonly cacheDetails?: readonly { readonly ttl: '5m' | '1h'; readonly inputTokens: number }[];
}

/** The input side of a usage, before anything was answered. */
export interface InputUsage {
  readonly inputTokens: number;
  readonly cacheReadInputTokens: number;
  readonly cacheWriteInputTokens: number;
  readonly cacheDetails?: Usage['cacheDetails'];
}

export function withOutput(input: InputUsage, outputTokens: number): Usage {
  const totalTokens = input.inputTokens + input.cacheReadInputTokens + input.cacheWriteInputTokens + outputTokens;
  const { cacheDetails, ...counts } = input;
  return { ...counts, outputTokens, totalTokens, ...(cacheDetails ? { cacheDetails } : {}) };
}
