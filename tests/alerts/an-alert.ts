import type { Alert } from '../../src/core/alerts.js';

export const anAlert = (overrides: Partial<Alert> = {}): Alert => ({
  key: 'team:budget/threshold-80',
  type: 'budget.threshold',
  status: 'firing',
  severity: 'warning',
  summary: 'The budget "team" is 80 % spent: $8.00 of $10.00.',
  facts: { budget: 'team', spent: 8, limit: 10 },
  atMs: Date.UTC(2026, 10, 25, 12),
  endsAtMs: Date.UTC(2026, 10, 26),
  ...overrides,
});
