import type { BudgetWindow } from '../core/ports.js';
import type { NanoUsd } from '../core/response.js';

export const hourMs = 3_600_000;
export const dayMs = 24 * hourMs;

/** The UTC day around a moment, as a budget window. Days of Unix time all have the same length, so this is exact. */
export function dayWindow(nowMs: number, limit?: NanoUsd): BudgetWindow {
  const fromMs = Math.floor(nowMs / dayMs) * dayMs;
  return { fromMs, toMs: fromMs + dayMs, ...(limit === undefined ? {} : { limit }) };
}
