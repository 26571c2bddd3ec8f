import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { noUsage, type Usage } from '../../src/core/response.js';
import { modelId, profileId, region, type Target } from '../../src/core/target.js';
import { createPriceBook } from '../../src/cost/pricing.js';
import { catalogue, model } from './catalogue.js';

const clock = { nowMs: () => Date.UTC(2026, 10, 25) };
const prices = createPriceBook({ catalogue, clock });
/** `us.amazon.nova…` style for a profile, a region after `@`. */
const target = (name: string, geography?: string, place = 'us-east-1'): Target => ({
  model: modelId(name),
  region: region(place),
  ...(geography === undefined ? {} : { profile: profileId(`${geography}.${name}`) }),
});
const usage = (input: number, output = 0, read = 0, write = 0, write1h = 0): Usage => ({
  ...noUsage,
  inputTokens: input,
  outputTokens: output,
  cacheReadTokens: read,
  cacheWriteTokens: write,
  cacheWrite1hTokens: write1h,
  totalTokens: input + output + read + write,
});

const sonnet45 = 'anthropic.claude-sonnet-4-5-20250929-v1:0';
const sonnet55 = 'anthropic.claude-sonnet-5-5';
const haiku55 = 'anthropic.claude-haiku-5-5';
const sonnet35 = 'anthropic.claude-3-5-sonnet-20240620-v1:0';

describe('cost of an attempt, in nano-dollars, worked out by hand from the price list', () => {
  const million = 1_000_000;
  const exact: [string, Target, Usage, number][] = [
    ['one token in at $0.30 per million rounds up', target('amazon.titan-text-lite-v1'), usage(1), 150],
    ['nothing costs nothing', target(sonnet45), usage(0), 0],
    ['list price', target(sonnet45), usage(1_000, 500), 10_500_000],
    ['global profile = list price', target(sonnet45, 'global'), usage(1_000, 500), 10_500_000],
    ['us profile + 10 %', target(sonnet45, 'us'), usage(1_000, 500), 11_550_000],
    ['in-region override of GovCloud', target(sonnet45, undefined, 'us-gov-west-1'), usage(1_000, 500), 12_600_000],
    ['a profile without an override has the list price', target(sonnet45, 'xx'), usage(1_000), 3_000_000],
    ['cache read', target(sonnet45), usage(100, 0, 10_000), 300_000 + 3_000_000],
    ['cache write, 5 minutes', target(sonnet45), usage(0, 0, 0, 2_000), 7_500_000],
    ['cache write, part for 1 hour', target(sonnet45), usage(0, 0, 0, 2_000, 500), 5_625_000 + 3_000_000],
    ['cache write for 1 hour on the us profile', target(sonnet45, 'us'), usage(0, 0, 0, 1_000, 1_000), 6_600_000],
    ['at the threshold: list price', target(sonnet45), usage(200_000), 600_000_000],
    ['above it: the whole request', target(sonnet45), usage(200_001), 1_200_006_000],
    [
      'cached tokens count towards the threshold',
      target(sonnet45),
      usage(1, 10, 199_000, 1_000),
      6_000 + 225_000 + 119_400_000 + 7_500_000,
    ],
    [
      'long context of a profile that lists its own',
      target(haiku55, 'eu'),
      usage(100_001, 1_000),
      55_000_550 + 2_750_000,
    ],
    ['retired models keep their price', target(sonnet35), usage(1_000, 1_000), 18_000_000],
    ['Nova: read listed', target('amazon.nova-2-lite-v1:0'), usage(0, 0, 1_000), 82_500],
    [
      'Nova: 1-hour write by its rule, 1 × input',
      target('amazon.nova-2-lite-v1:0'),
      usage(0, 0, 0, 1_000, 1_000),
      330_000,
    ],
    ['an embedding has no output to pay', target('amazon.titan-embed-text-v2:0'), usage(million, 0), 20_000_000],
    [
      'ten million tokens of the dearest kind stay exact',
      target('anthropic.claude-opus-4-20250514-v1:0'),
      usage(10 * million, 10 * million),
      900_000_000_000,
    ],
  ];
  it.each(exact)('%s', (_, at, used, nanoUsd) => {
    expect(prices.costOf(at, used)).toMatchObject({ nanoUsd, estimated: false });
  });

  const guessed: [string, Target, Usage, number][] = [
    [
      '1-hour write that the profile does not list follows its input price',
      target(sonnet55, 'us'),
      usage(0, 0, 0, 1_000, 1_000),
      4_400_000,
    ],
    [
      'long context that the profile does not list follows its input price',
      target(sonnet45, 'us'),
      usage(200_001),
      1_320_006_600,
    ],
    [
      'cache write of a family without a rule: 1.25 × input',
      target('openai.gpt-5.4'),
      usage(0, 0, 0, 1_000),
      3_437_500,
    ],
    [
      'cache read of a family without a rule: no discount',
      target('mistral.mistral-large-2402-v1:0', undefined, 'none-1'),
      usage(0, 0, 1_000),
      4_000_000,
    ],
  ];
  it.each(guessed)('marked estimated: %s', (_, at, used, nanoUsd) => {
    expect(prices.costOf(at, used)).toMatchObject({ nanoUsd, estimated: true });
  });

  it('marks a cost estimated when the usage is', () => {
    expect(prices.costOf(target(sonnet45), { ...usage(10), estimated: true }).estimated).toBe(true);
  });
});

describe('a price that is not known', () => {
  const book = createPriceBook({
    clock,
    catalogue: {
      as_of: '2026-11-22',
      models: [
        model({ id: 'acme.small', price: { input: 1, output: 2 } }),
        model({
          id: 'acme.big',
          price: { input: 2, output: 8 },
          profiles: { us: 'us.acme.big' },
          priceByProfile: { us: { input: 3, output: 9 } },
        }),
        model({ id: 'acme.unknown', price: {} }),
        model({ id: 'other.dear', family: 'other', price: { input: 10, output: 50 } }),
        model({ id: 'third.lonely', family: 'third', price: { input: 5 } }),
        model({ id: 'fourth.embedding', family: 'fourth', kind: 'embedding', price: { input: 99 } }),
      ],
    },
  });
  it.each([
    ['the dearest of its family', target('acme.unknown'), 2, 8],
    ['in the same geography', target('acme.unknown', 'us'), 3, 9],
    ['the dearest chat model when the family has none', target('third.lonely'), 10, 50],
    ['the dearest chat model for an id nobody knows', target('nobody.knows'), 10, 50],
  ])('is %s', (_, at, inputUsdPerMillion, outputUsdPerMillion) => {
    expect(book.priceOf(at)).toMatchObject({ inputUsdPerMillion, outputUsdPerMillion, assumed: true });
    expect(book.costOf(at, usage(1_000)).estimated).toBe(true);
  });

  it('is told apart from a known one', () => {
    expect(book.priceOf(target('acme.big', 'us'))).toEqual({
      inputUsdPerMillion: 3,
      outputUsdPerMillion: 9,
      assumed: false,
      source: 'catalogue 2026-11-22',
    });
  });

  it('cannot be made up from nothing', () => {
    const empty = createPriceBook({ catalogue: { models: [], as_of: 'never' }, clock });
    expect(() => empty.priceOf(target('acme.small'))).toThrow('no chat model with a price');
  });

  it('does not make the memory of prices grow without end', () => {
    for (let index = 0; index < 10_000; index += 1) book.priceOf(target(`made.up-${index}`));
    expect(book.priceOf(target('acme.small')).assumed).toBe(false);
  });
});

describe('other ways of being served', () => {
  const nova = target('amazon.nova-pro-v1:0');
  it.each([
    ['latency-optimised as the list says', nova, 'optimized', 1_000 * 1_000 + 500 * 4_000, false],
    ['flex by the rule: half', target(sonnet45), 'flex', 10_500_000 / 2, true],
    ['priority by the rule: 1.75 ×', target(sonnet45), 'priority', (10_500_000 * 7) / 4, true],
    ['reserved is valued at the list price', target(sonnet45), 'reserved', 10_500_000, true],
    ['one that nobody has heard of is taken for the dearest', target(sonnet45), 'hyper', (10_500_000 * 7) / 4, true],
    ['a profile by what the list says of the list price', target(sonnet45, 'us'), 'batch', 11_550_000 / 2, true],
  ])('%s', (_, at, serviceTier, nanoUsd, estimated) => {
    expect(prices.costOf(at, { ...usage(1_000, 500), serviceTier })).toMatchObject({ nanoUsd, estimated });
  });
});

describe('prices of the operator', () => {
  const day = (date: string) => Date.parse(`${date}T00:00:00Z`);
  const book = createPriceBook({
    catalogue,
    clock,
    overrides: [
      { model: sonnet45, source: 'list deal', input: 2, output: 10 },
      { model: sonnet45, source: 'us deal', geography: 'us', input: 1, output: 5, cacheRead: 0.1 },
      { model: sonnet45, source: 'next year', fromMs: day('2027-01-01'), input: 4, output: 20 },
      { model: sonnet45, source: 'june', fromMs: day('2026-06-01'), untilMs: day('2026-07-01'), input: 8, output: 40 },
      { model: 'acme.new', source: 'contract', region: 'eu-west-1', input: 7, output: 9 },
    ],
  });

  it.each([
    ['stand before those of the list', target(sonnet45), undefined, 2_000_000, 'list deal', false],
    ['of a geography stand before general ones', target(sonnet45, 'us'), undefined, 1_000_000, 'us deal', false],
    ['hold from their day on', target(sonnet45), day('2027-01-01'), 4_000_000, 'next year', false],
    ['do not hold before it', target(sonnet45), day('2027-01-01') - 1, 2_000_000, 'list deal', false],
    ['hold until their last day has ended', target(sonnet45), day('2026-07-01') - 1, 8_000_000, 'june', false],
    ['do not hold after it', target(sonnet45), day('2026-07-01'), 2_000_000, 'list deal', false],
    [
      'make an unknown price known',
      target('acme.new', undefined, 'eu-west-1'),
      undefined,
      7_000_000,
      'contract',
      false,
    ],
  ] as const)('%s', (_, at, atMs, nanoUsd, priceVersion, estimated) => {
    expect(book.costOf(at, usage(1_000), atMs)).toMatchObject({ nanoUsd, priceVersion, estimated });
  });

  it('name where they are from', () => {
    expect(book.priceOf(target(sonnet45, 'us'))).toEqual({
      inputUsdPerMillion: 1,
      outputUsdPerMillion: 5,
      assumed: false,
      source: 'us deal',
    });
  });

  it('carry what they do not name along in proportion, as a guess', () => {
    expect(book.costOf(target(sonnet45, 'us'), usage(0, 0, 1_000))).toMatchObject({
      nanoUsd: 100_000,
      estimated: false,
    });
    const written = usage(0, 0, 0, 1_000);
    expect(book.costOf(target(sonnet45, 'us'), written)).toMatchObject({ nanoUsd: 1_250_000, estimated: true });
  });
});

it('prices a profile of the account by the dearest way to its model, as a guess', () => {
  const arn = profileId('arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/abc');
  const own = { ...target(sonnet45), profile: arn };
  expect(prices.costOf(own, usage(1_000, 500))).toMatchObject({ nanoUsd: 11_550_000, estimated: true });
  expect(prices.priceOf(own).assumed).toBe(false);
});

it('prices a rerank model by the query, by that of the operator first', () => {
  const rerank = target('cohere.rerank-v3-5:0');
  expect(prices.priceOf(rerank)).toMatchObject({ perQueryUsd: 0.002, assumed: false });
  const overrides = [{ model: rerank.model, source: 'contract', perQuery: 0.0015 }];
  const book = createPriceBook({ catalogue, clock, overrides });
  expect(book.priceOf(rerank)).toMatchObject({ perQueryUsd: 0.0015, assumed: false, source: 'contract' });
  expect(book.costOf(rerank, usage(90_000))).toEqual({
    nanoUsd: 1_500_000,
    estimated: false,
    parts: { input: 0, output: 0, cacheRead: 0, cacheWrite: 0, other: 1_500_000 },
    priceVersion: 'contract',
  });
});

it('tells the parts of a cost, which add up to it', () => {
  const { parts, nanoUsd } = prices.costOf(target(sonnet45), usage(1_000, 500, 10_000, 2_000, 500));
  expect(parts).toEqual({ input: 3_000_000, output: 7_500_000, cacheRead: 3_000_000, cacheWrite: 8_625_000, other: 0 });
  expect(nanoUsd).toBe(22_125_000);
});

describe('every chat model of the catalogue', () => {
  const chat = catalogue.models.filter(({ kind }) => kind === 'chat');
  const targets = chat.flatMap(({ id, profiles, priceByRegion }) => [
    target(id),
    ...Object.keys(profiles).map((geography) => target(id, geography)),
    ...Object.keys(priceByRegion).map((place) => target(id, undefined, place)),
  ]);

  it('costs something for input and for output', () => {
    expect(targets.length).toBeGreaterThan(200);
    for (const at of targets) {
      expect(prices.costOf(at, usage(1_000)).nanoUsd).toBeGreaterThan(0);
      expect(prices.costOf(at, usage(0, 1_000)).nanoUsd).toBeGreaterThan(0);
    }
  });

  it('agrees with the figures of its row, token by token', () => {
    for (const { id, price, priceByProfile } of chat) {
      if (price.input === undefined || price.output === undefined) continue;
      const rows = [
        [target(id, undefined, 'none-1'), price] as const,
        ...Object.entries(priceByProfile).map(([geography, row]) => [target(id, geography), row] as const),
      ];
      for (const [at, row] of rows) {
        if (row.input === undefined || row.output === undefined) continue;
        const cost = prices.costOf(at, usage(1_000, 2_000));
        expect({ at, nanoUsd: cost.nanoUsd }).toEqual({
          at,
          nanoUsd: Math.ceil(Math.round((row.input + 2 * row.output) * 1e9) / 1_000),
        });
      }
    }
  });

  it('costs more for more tokens of any kind, and the sum of parts up to rounding', () => {
    const tokens = fc.integer({ min: 0, max: 20_000 });
    const tiers = fc.constantFrom(undefined, 'flex', 'batch', 'priority', 'optimized', 'reserved');
    const anyUsage = fc
      .tuple(tokens, tokens, tokens, tokens, tokens)
      .map(([i, o, r, w, h]) => usage(i, o, r, w + h, h));
    fc.assert(
      fc.property(fc.constantFrom(...targets), anyUsage, anyUsage, tiers, (at, left, right, tier) => {
        const cost = (used: Usage) => prices.costOf(at, { ...used, ...(tier && { serviceTier: tier }) }).nanoUsd;
        const both = usage(
          left.inputTokens + right.inputTokens,
          left.outputTokens + right.outputTokens,
          left.cacheReadTokens + right.cacheReadTokens,
          left.cacheWriteTokens + right.cacheWriteTokens,
          left.cacheWrite1hTokens + right.cacheWrite1hTokens,
        );
        expect(Number.isSafeInteger(cost(both))).toBe(true);
        expect(cost(both)).toBeGreaterThanOrEqual(Math.max(cost(left), cost(right)));
        if (both.inputTokens + both.cacheReadTokens + both.cacheWriteTokens > 100_000) return;
        expect(cost(left) + cost(right) - cost(both)).toBeGreaterThanOrEqual(0);
        expect(cost(left) + cost(right) - cost(both)).toBeLessThanOrEqual(1);
      }),
      { seed: 7, numRuns: 500 },
    );
  });
});
