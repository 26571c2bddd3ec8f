import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Ledger } from '../../../src/core/ledger.js';
import type { Logger } from '../../../src/core/ports.js';
import { createRetryingLedger } from '../../../src/cost/ledgers/retrying-ledger.js';
import { ledgerContract } from '../../contracts/ledger-contract.js';
import { ledgerRow } from '../../contracts/ledger-row.js';
import { fakeClock } from '../../support/fake-clock.js';
import { memoryLedger } from '../../support/memory-ledger.js';

const silent: Logger = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

ledgerContract('a retrying ledger', async (clock) =>
  createRetryingLedger({ ledger: memoryLedger(clock), logger: silent }),
);

describe('a ledger that fails for a while', () => {
  let inner: Ledger;
  let works: boolean;
  let errors: { message: string; fields: Record<string, unknown> | undefined }[];
  const row = (id: string) => ledgerRow({ attemptId: id, requestId: id });
  const open = (maxPending?: number) =>
    createRetryingLedger({
      ledger: {
        ...inner,
        settle: (id, rows) => (works ? inner.settle(id, rows) : Promise.reject(new Error('disk full'))),
        close: async () => undefined,
      },
      logger: { ...silent, error: (message, fields) => errors.push({ message, fields }) },
      ...(maxPending === undefined ? {} : { maxPending }),
    });
  const booked = async () => (await inner.spend({ fromMs: 0, toMs: 9e12 }))[0]?.calls ?? 0;

  beforeEach(async () => {
    inner = memoryLedger(fakeClock());
    works = false;
    errors = [];
  });

  afterEach(() => inner.close());

  it('keeps what could not be written and writes it with the next that can', async () => {
    const ledger = open();
    await ledger.settle('a', [row('a')]);
    await ledger.settle('b', [row('b')]);
    expect(ledger.pending()).toBe(2);
    works = true;
    await ledger.settle('c', [row('c')]);
    await ledger.flush();
    expect(ledger.pending()).toBe(0);
    expect(await booked()).toBe(3);
  });

  it('writes the rest when it is closed', async () => {
    const ledger = open();
    await ledger.settle('a', [row('a')]);
    works = true;
    await ledger.close();
    expect(await booked()).toBe(1);
  });

  it('logs in full what it has to give up: beyond its bound, and at the end', async () => {
    const ledger = open(2);
    for (const id of ['a', 'b', 'c']) await ledger.settle(id, [row(id)]);
    expect(ledger.pending()).toBe(2);
    await ledger.close();
    const lost = errors.filter(({ fields }) => fields?.['settlement'] !== undefined);
    expect(lost.map(({ fields }) => fields?.['settlement'])).toEqual(
      ['a', 'b', 'c'].map((id) => ({ holdId: id, rows: [row(id)] })),
    );
  });
});
