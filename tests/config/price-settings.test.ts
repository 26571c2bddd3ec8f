import { describe, expect, it } from '@jest/globals';
import { priceOverrideList } from '../../src/config/price-settings.js';

const parse = (value: unknown) => priceOverrideList.schema.safeParse(JSON.stringify(value));

describe('BEDROCK_PRICE_OVERRIDES', () => {
  it('takes prices with their days', () => {
    const given = [
      { model: 'a.b', geography: 'us', from: '2026-12-01', until: '2027-01-01', input: 1, cache_write_1h: 2 },
    ];
    expect(parse(given).data).toEqual([
      {
        model: 'a.b',
        geography: 'us',
        source: 'BEDROCK_PRICE_OVERRIDES',
        fromMs: Date.UTC(2026, 11, 1),
        untilMs: Date.UTC(2027, 0, 1),
        input: 1,
        cacheWrite1h: 2,
      },
    ]);
  });

  it('takes a price of a query', () => {
    expect(parse([{ model: 'a.rerank', per_query: 0.001 }]).data?.[0]).toMatchObject({ perQuery: 0.001 });
  });

  it.each([
    ['no price', [{ model: 'a' }]],
    ['a negative price', [{ model: 'a', input: -1 }]],
    ['a day that does not exist', [{ model: 'a', input: 1, from: '2026-02-30' }]],
    ['an end before the beginning', [{ model: 'a', input: 1, from: '2026-02-02', until: '2026-02-01' }]],
    ['a field that nobody reads', [{ model: 'a', input: 1, ouput: 2 }]],
    ['no list', { model: 'a', input: 1 }],
  ])('refuses %s', (_, given) => {
    expect(parse(given).success).toBe(false);
  });
});
