import type { CostParts } from './ledger.js';
import type { Cost } from './response.js';

/** Prices that a part of the calls has in place of those of the list. USD per million tokens. */
export interface PriceOverride {
  /** Base id of the model. */
  readonly model: string;
  /** A geography such as `us` or `global`, or `in-region`; absent: all of them. */
  readonly geography?: string;
  /** Absent: all of them. */
  readonly region?: string;
  /** Wall clock: in force from here on, and until then. */
  readonly fromMs?: number;
  readonly untilMs?: number;
  /** Says where the figures are from, such as the number of a contract. */
  readonly source: string;
  readonly input?: number;
  readonly output?: number;
  readonly cacheRead?: number;
  readonly cacheWrite5m?: number;
  readonly cacheWrite1h?: number;
  /** USD, of a model that is paid by the query. */
  readonly perQuery?: number;
}

/** What a call does whose price no list and no override has: it is priced as the dearest of its family, or refused. */
export const unknownPricePolicies = ['assume', 'refuse'] as const;
export type UnknownPricePolicy = (typeof unknownPricePolicies)[number];

export interface PricedCost extends Cost {
  readonly parts: CostParts;
  /** Names the price list that was in force. */
  readonly priceVersion: string;
}
