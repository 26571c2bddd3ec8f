import type { Intent, LedgerRow } from '../../src/core/ledger.js';
import { noUsage } from '../../src/core/response.js';

/** A row with everything set, at 00:30 UTC of the fake clock's day unless told otherwise. */
export function ledgerRow(overrides: Partial<LedgerRow> = {}): LedgerRow {
  return {
    attemptId: 'call-1/1',
    requestId: 'call-1',
    atMs: Date.UTC(2026, 10, 23, 0, 30),
    caller: 'alice',
    task: 'code',
    model: 'amazon.nova-lite-v1:0',
    provider: 'amazon',
    region: 'us-east-1',
    source: 'bedrock',
    firstOfCall: true,
    outcome: 'succeeded',
    usage: { ...noUsage, inputTokens: 100, outputTokens: 10, totalTokens: 110 },
    cost: { nanoUsd: 1_000, estimated: false },
    saved: 0,
    latencyMs: 250.4,
    tags: {},
    ...overrides,
  };
}

/** The intent of that row. */
export function intent(overrides: Partial<Intent> = {}): Intent {
  const { outcome: _, usage, cost, firstOfCall, saved, latencyMs, ...facts } = ledgerRow();
  return {
    ...facts,
    most: { inputTokens: 100, outputTokens: 500, totalTokens: 600, cost: 5_000 },
    expiresAtMs: facts.atMs + 60_000,
    ...overrides,
  };
}
