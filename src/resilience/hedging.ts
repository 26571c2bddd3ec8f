import type { Clock } from '../core/clock.js';
import { ServiceError } from '../core/errors.js';
import type { CallContext, Handler } from '../core/pipeline.js';
import type { PriceBook } from '../core/ports.js';
import type { RoutedRequest } from '../core/request.js';
import { type ModelResponse, type NanoUsd, noUsage } from '../core/response.js';
import { estimateInputTokens } from '../core/token-estimate.js';
import type { FirstTokenTimes } from './first-token-times.js';

export interface HedgeOptions {
  readonly clock: Clock;
  readonly firstTokenTimes: Pick<FirstTokenTimes, 'usualMs'>;
  readonly prices: Pick<PriceBook, 'costOf'>;
  /** A call that could cost more is never asked twice. */
  readonly maxCost: NanoUsd;
  /** Second requests as a share of all. */
  readonly share?: number;
}

export type Hedge = (attempt: Handler<RoutedRequest>) => Handler<RoutedRequest>;

const mostCredit = 3;

/**
 * Asks a target a second time when its first token is later than it usually is. The attempt that begins to answer first
 * goes on, the other one is cancelled, and what it used is booked as any other attempt.
 */
export function createHedge({ clock, firstTokenTimes, prices, maxCost, share = 0.05 }: HedgeOptions): Hedge {
  let credit = 1;

  const isCheap = (request: RoutedRequest): boolean => {
    const usage = { ...noUsage, inputTokens: estimateInputTokens(request), outputTokens: request.max_tokens };
    return prices.costOf(request.target, usage).nanoUsd <= maxCost;
  };
  const mayAskAgain = () => {
    if (credit < 1) return false;
    credit -= 1;
    return true;
  };

  return (attempt) => async (request, context) => {
    credit = Math.min(mostCredit, credit + share);
    const usualMs = firstTokenTimes.usualMs(request.target);
    // What streams to the caller can only come from one attempt.
    if (usualMs === undefined || context.onText !== undefined || !isCheap(request)) return attempt(request, context);
    const first = run(attempt, request, context);
    if (!(await isLate(first, usualMs, clock)) || !mayAskAgain()) return first.answer;
    context.record({ type: 'hedge-started', target: request.target, afterMs: usualMs });
    return await firstToBegin(first, run(attempt, request, context));
  };
}

interface Runner {
  readonly answer: Promise<ModelResponse>;
  /** Resolves to the runner at its first token or its answer; rejects with its failure. */
  readonly began: Promise<Runner>;
  cancel(): void;
}

function run(attempt: Handler<RoutedRequest>, request: RoutedRequest, context: CallContext): Runner {
  const controller = new AbortController();
  const signal = AbortSignal.any([context.signal, controller.signal]);
  let begin: () => void = () => undefined;
  const firstToken = new Promise<void>((resolve) => {
    begin = resolve;
  });
  const answer = attempt(request, { ...context, signal, onFirstToken: begin });
  const runner: Runner = {
    answer,
    began: Promise.race([firstToken, answer]).then(() => runner),
    cancel: () => controller.abort(new ServiceError('cancelled', 'Another attempt was quicker.')),
  };
  // Who awaits them comes later, or never.
  for (const promise of [answer, runner.began]) promise.catch(() => undefined);
  return runner;
}

/** True when nothing has come of the attempt in that time, neither a token nor a failure. */
async function isLate(runner: Runner, usualMs: number, clock: Clock): Promise<boolean> {
  const settled = new AbortController();
  const early = runner.began.then(
    () => false,
    () => false,
  );
  const late = clock.sleep(usualMs, settled.signal).then(
    () => true,
    () => false,
  );
  const result = await Promise.race([early, late]);
  settled.abort();
  return result;
}

async function firstToBegin(first: Runner, second: Runner): Promise<ModelResponse> {
  const winner = await Promise.any([first.began, second.began]).catch(() => first);
  (winner === first ? second : first).cancel();
  return await winner.answer;
}
