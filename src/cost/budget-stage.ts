import type { BudgetUse } from '../core/budget.js';
import { ServiceError } from '../core/errors.js';
import type { CallEvent } from '../core/events.js';
import type { Stage } from '../core/pipeline.js';
import type { PriceBook } from '../core/ports.js';
import type { UnknownPricePolicy } from '../core/pricing.js';
import type { RoutedRequest } from '../core/request.js';
import type { NanoUsd } from '../core/response.js';
import type { ThrottleGate } from './budgets/throttle-gate.js';
import { type CallTally, createCallTallies } from './call-tally.js';
import { type AccountOptions, openAccount, subjectOf } from './candidate-account.js';
import { formatUsd, nanoFromUsd } from './money.js';
import { worstCaseUse } from './worst-case.js';

export interface BudgetStageOptions extends AccountOptions {
  /** Holds calls back as a budget nears its limit. */
  readonly throttle: ThrottleGate;
  /** Prompts may be kept for an hour, which is the dearest way to write them. */
  readonly cachesForAnHour?: boolean;
  /** Default `assume`. */
  readonly unknownPrice?: UnknownPricePolicy;
}

/**
 * Sets the worst case of every attempt aside before it is sent, in all budgets that concern it, and books what it truly
 * used before the answer, or the error, leaves. Throws budget_exceeded when the worst case does not fit.
 */
export function createBudgetStage(options: BudgetStageOptions): Stage<RoutedRequest> {
  const { prices, directory, throttle, cachesForAnHour, unknownPrice } = options;
  const tallyOf = createCallTallies();
  return (next) => async (request, context) => {
    if (unknownPrice === 'refuse') refuseUnknownPrice(request, prices);
    const worst = worstCaseUse(prices, request, cachesForAnHour);
    const tally = tallyOf(context);
    const subject = subjectOf(directory, request, context);
    refuseAboveCallLimit(request, tally, worst);
    const leave = await throttle.enter(subject, context.signal);
    const account = openAccount(options, { request, context, subject, worst, tally });
    const coverAttempt = async (): Promise<void> => {
      refuseAboveCallLimit(request, tally, account.isCovered() ? { ...worst, cost: 0 } : worst);
      await account.cover();
    };
    const record = (event: CallEvent): void => {
      context.record(event);
      account.note(event);
    };
    try {
      await account.cover();
      const response = await next(request, { ...context, record, coverAttempt });
      const { cost, notices } = await account.close();
      return { ...response, cost, notices: [...response.notices, ...notices] };
    } finally {
      await account.close();
      leave();
    }
  };
}

/** The route moves on to models whose price is known. */
function refuseUnknownPrice({ target }: RoutedRequest, prices: PriceBook): void {
  if (!prices.priceOf(target).assumed) return;
  throw new ServiceError('model_unavailable', `The price of ${target.model} is not known.`, {
    target,
    remedy: 'Name its price in BEDROCK_PRICE_OVERRIDES, set BEDROCK_UNKNOWN_PRICE=assume, or pick another model.',
  });
}

/** All attempts of the call count, those at earlier candidates too. */
function refuseAboveCallLimit(request: RoutedRequest, { spent, held }: CallTally, worst: BudgetUse): void {
  const limit = request.max_cost_usd;
  const total: NanoUsd = spent + held + worst.cost;
  if (limit === undefined || total <= nanoFromUsd(limit)) return;
  const message = `The call could cost up to ${formatUsd(total)}; max_cost_usd allows ${formatUsd(nanoFromUsd(limit))}.`;
  throw new ServiceError('budget_exceeded', message, {
    target: request.target,
    remedy: 'Raise max_cost_usd, lower max_tokens, shorten the input, or pick a cheaper model.',
  });
}
