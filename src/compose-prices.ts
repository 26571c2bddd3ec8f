import type { ApplicationOptions } from './compose.js';
import type { Catalogue } from './core/model.js';
import type { PriceBook } from './core/ports.js';
import { createPriceBook } from './cost/pricing.js';

/** Prices of the catalogue with those of the operator before them. */
export const openPrices = ({ settings, clock }: ApplicationOptions, catalogue: Catalogue): PriceBook =>
  createPriceBook({ catalogue, overrides: settings.cost.priceOverrides, clock });
