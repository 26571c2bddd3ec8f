import type { TokenUsage } from '@aws-sdk/client-bedrock-runtime';
import type { Usage } from '../core/response.js';

/** No model takes or gives more; a larger count is a mistake that must not reach the ledger. */
const mostTokens = 10_000_000;

export interface TokenEstimate {
  readonly inputTokens: number;
  readonly outputTokens: number;
}

export interface CheckedUsage {
  readonly usage: Usage;
  /** True when a count was there but not believable. */
  readonly suspect: boolean;
  /** True when Bedrock's total is not the sum of its parts. The parts are what is billed, so they are trusted. */
  readonly mismatch: boolean;
}

/** A whole count in range; undefined for anything else. Some models send counts as floats (`28.0`). */
function believable(value: unknown): number | undefined {
  if (typeof value !== 'number' || !(value >= 0 && value <= mostTokens)) return undefined;
  return Math.round(value);
}

/** Bedrock's counts where they are believable, our own estimate where not. */
export function checkUsage(reported: TokenUsage | undefined, estimate: () => TokenEstimate): CheckedUsage {
  const counts = {
    input: reported?.inputTokens,
    output: reported?.outputTokens,
    cacheRead: reported?.cacheReadInputTokens ?? 0,
    cacheWrite: reported?.cacheWriteInputTokens ?? 0,
  };
  const [input, output, cacheRead, cacheWrite] = Object.values(counts).map(believable);
  const complete = [input, output, cacheRead, cacheWrite].every((count) => count !== undefined);
  const fallback = complete ? { inputTokens: 0, outputTokens: 0 } : estimate();
  const cacheWriteTokens = cacheWrite ?? 0;
  const usage = usageOf({
    inputTokens: input ?? fallback.inputTokens,
    outputTokens: output ?? fallback.outputTokens,
    cacheReadTokens: cacheRead ?? 0,
    cacheWriteTokens,
    cacheWrite1hTokens: Math.min(cacheWriteTokens, keptForAnHour(reported)),
    estimated: !complete,
  });
  const suspect = Object.values(counts).some((count) => count !== undefined && believable(count) === undefined);
  const total = believable(reported?.totalTokens);
  return { usage, suspect, mismatch: complete && total !== undefined && total !== usage.totalTokens };
}

/** Usage of an attempt that Bedrock reported nothing about. */
export function estimatedUsage({ inputTokens, outputTokens }: TokenEstimate): Usage {
  return usageOf({
    inputTokens,
    outputTokens,
    cacheReadTokens: 0,
    cacheWriteTokens: 0,
    cacheWrite1hTokens: 0,
    estimated: true,
  });
}

function usageOf(counts: Omit<Usage, 'totalTokens'>): Usage {
  const { inputTokens, outputTokens, cacheReadTokens, cacheWriteTokens } = counts;
  return { ...counts, totalTokens: inputTokens + outputTokens + cacheReadTokens + cacheWriteTokens };
}

function keptForAnHour(reported: TokenUsage | undefined): number {
  const details = Array.isArray(reported?.cacheDetails) ? reported.cacheDetails : [];
  return details
    .filter((detail) => detail?.ttl === '1h')
    .reduce((sum, detail) => sum + (believable(detail.inputTokens) ?? 0), 0);
}
