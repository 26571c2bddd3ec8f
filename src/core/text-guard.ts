/** Holds text against the operator's guardrail where no model does it on the way. */
export interface TextGuard {
  /**
   * The texts as they may be used, with what the guardrail masks masked.
   * @throws ServiceError content_filtered, reason `guardrail`, naming what it objected to; any other when the texts could
   * not be looked at, and then they must not be used.
   */
  check(texts: readonly string[], source: TextSource, signal: AbortSignal): Promise<readonly string[]>;
}

/** Words of a user, or of a model. */
export type TextSource = 'INPUT' | 'OUTPUT';
