import type { CountTokensCommandInput } from '@aws-sdk/client-bedrock-runtime';
import type { Clock } from '../core/clock.js';
import { ServiceError } from '../core/errors.js';
import type { Model } from '../core/model.js';
import type { RoutedRequest } from '../core/request.js';
import { encodeConverseRequest } from './converse-request.js';
import { withinTime } from './time-limit.js';

/** Claude from 3.5 on; the service refuses every other model. */
const countable = /^anthropic\.claude-(?:3-[57]|(?:opus|sonnet|haiku|fable)-\d)/;

/** The request as CountTokens takes it, under the base id; undefined when the model cannot be counted. */
export function countInput(request: RoutedRequest, model: Model | undefined): CountTokensCommandInput | undefined {
  if (!countable.test(request.target.model)) return undefined;
  const { messages, system, toolConfig, additionalModelRequestFields } = encodeConverseRequest(request, model).input;
  const converse = {
    messages,
    ...(system && { system }),
    ...(toolConfig && { toolConfig }),
    ...(additionalModelRequestFields && { additionalModelRequestFields }),
  };
  // A profile id is refused even where the model itself can be called through a profile only.
  return { modelId: request.target.model, input: { converse } };
}

export interface TokenCounterOptions {
  readonly clock: Clock;
  /** Asks the service; undefined for a model that it does not count. */
  readonly count: (request: RoutedRequest, signal: AbortSignal) => Promise<number | undefined>;
  /** A preview that is late is worth less than an estimate at once. */
  readonly timeoutMs?: number;
}

/** Exact input tokens of a request; undefined when they cannot be had in time. Never rejects. */
export type TokenCounter = (request: RoutedRequest) => Promise<number | undefined>;

export function createTokenCounter({ clock, count, timeoutMs = 2_000 }: TokenCounterOptions): TokenCounter {
  const late = () => new ServiceError('timeout', 'Tokens were not counted in time.');
  return async (request) => {
    const over = new AbortController();
    try {
      return await withinTime(clock, timeoutMs, late, count(request, over.signal));
    } catch {
      return undefined;
    } finally {
      over.abort();
    }
  };
}
