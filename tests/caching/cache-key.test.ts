import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { cacheKey } from '../../src/caching/cache-key.js';
import { type ModelRequest, modelRequest } from '../../src/core/request.js';

const full = modelRequest.parse({
  messages: [
    { role: 'user', content: 'Where is Zürich?' },
    { role: 'assistant', content: [{ type: 'text', text: 'In Switzerland.' }] },
    {
      role: 'user',
      content: [
        { type: 'text', text: 'And this?' },
        { type: 'image', format: 'png', data: 'AAAA' },
      ],
    },
  ],
  system: 'Be brief.',
  model: 'claude',
  max_tokens: 100,
  temperature: 0.1,
  top_p: 0.9,
  top_k: 10,
  stop_sequences: ['END'],
  tools: [{ name: 'look', description: 'Looks.', input_schema: { type: 'object', properties: { a: {}, b: {} } } }],
  tool_choice: 'auto',
  response_schema: { type: 'object', properties: { city: { type: 'string' } } },
  reasoning_effort: 'low',
});
const key = (request: ModelRequest, tenant = 't', policyVersion = 'p1') => cacheKey({ tenant, request, policyVersion });

/** The same value with the fields of every object in reverse order. */
function reversed<T>(value: T): T {
  if (Array.isArray(value)) return value.map(reversed) as T;
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .toReversed()
      .map(([name, field]) => [name, reversed(field)]),
  ) as T;
}

type Path = readonly (string | number)[];
/** Every place in a value where something stands. */
function paths(value: unknown, path: Path = []): Path[] {
  const inner = typeof value === 'object' && value !== null ? Object.entries(value) : [];
  return [...(path.length ? [path] : []), ...inner.flatMap(([name, field]) => paths(field, [...path, name]))];
}
function changedAt(value: unknown, [step, ...rest]: Path, change: (value: unknown) => unknown): unknown {
  if (step === undefined) return change(value);
  const copy = (Array.isArray(value) ? [...value] : { ...(value as object) }) as Record<string | number, unknown>;
  copy[step] = changedAt(copy[step], rest, change);
  return copy;
}

describe('the cache key', () => {
  it('keeps the answers of callers apart who may use different models', () => {
    const limitedTo = (...allowedModels: string[]) =>
      cacheKey({ tenant: 't', request: full, policyVersion: 'p1', allowedModels });
    expect(new Set([key(full), limitedTo(), limitedTo('nova'), limitedTo('nova', 'claude')]).size).toBe(4);
    expect(limitedTo('claude', 'nova')).toBe(limitedTo('nova', 'claude'));
  });

  it('names the tenant and the question by SHA-256, the same each time', () => {
    expect(key(full)).toMatch(/^[0-9a-f]{16}\/[0-9a-f]{64}$/);
    expect(key(structuredClone(full))).toBe(key(full));
  });

  it.each([
    ['the order of fields', reversed(full)],
    ['tags', { ...full, tags: { a: 'b' } }],
    ['timeout_ms', { ...full, timeout_ms: 5 }],
    ['cache mode', { ...full, cache: 'static' as const }],
    ['cache_ttl_seconds', { ...full, cache_ttl_seconds: 5 }],
    ['max_cost_usd', { ...full, max_cost_usd: 5 }],
    ['fallback', { ...full, fallback: false }],
    ['service_tier', { ...full, service_tier: 'flex' as const }],
    ['latency', { ...full, latency: 'optimized' as const }],
    ['request_metadata', { ...full, request_metadata: { a: 'b' } }],
    ['hints for a choice that is already made', { ...full, task: 'code' as const, optimize: 'cost' as const }],
    ['an absent field given as undefined', { ...full, task: undefined }],
    ['the Unicode form', { ...full, system: full.system?.normalize('NFD') }],
  ])('does not depend on %s', (_, request) => {
    expect(key(request)).toBe(key(full));
  });

  it('takes composed and decomposed letters for the same, and a string for one text block', () => {
    const asked = (text: string): ModelRequest => ({ messages: [{ role: 'user', content: text }] });
    expect(key(asked('Zu\u0308rich'))).toBe(key(asked('Z\u00fcrich')));
    expect(key({ messages: [{ role: 'user', content: [{ type: 'text', text: 'a' }] }] })).toBe(key(asked('a')));
    expect(key({ ...asked('a'), model: 'auto' })).toBe(key(asked('a')));
  });

  it.each([
    ['tenant', key(full, 'u')],
    ['policy version', key(full, 't', 'p2')],
    ['task of an open choice', key({ messages: full.messages, task: 'code' })],
    ['goal of an open choice', key({ messages: full.messages, optimize: 'cost' })],
    ['no model', key({ messages: full.messages })],
    ['fields of the model', key({ ...full, additional_model_request_fields: { a: 1 } })],
    ['fields of its answer', key({ ...full, additional_model_response_field_paths: ['/a'] })],
  ])('separates by %s', (_, other) => {
    expect(other).not.toBe(key(full));
    expect(other).not.toBe(key({ ...full, model: 'nova' }));
  });

  it('does not let the tenant run into the policy version', () => {
    expect(key(full, 'a', 'bc')).not.toBe(key(full, 'ab', 'c'));
  });

  it('misses after any single change anywhere', () => {
    const everywhere = paths(full);
    const changes: ((value: unknown) => unknown)[] = [
      () => undefined,
      (value) => (typeof value === 'string' ? `${value}AAAA` : [value]),
      (value) => (typeof value === 'number' ? value + 1 : 'other'),
      (value) => (Array.isArray(value) ? [...value, value[0]] : { changed: value }),
    ];
    fc.assert(
      fc.property(fc.constantFrom(...everywhere), fc.constantFrom(...changes), (path, change) => {
        const place = path.join('.');
        // What is not a request any more could not be asked.
        if (change(null) === undefined && ['messages', 'content'].includes(String(path.at(-1)))) return;
        const changed = changedAt(full, path, change) as ModelRequest;
        if (!modelRequest.safeParse(changed).success) return;
        expect({ place, same: key(changed) === key(full) }).toEqual({ place, same: false });
      }),
      { seed: 3, numRuns: 800 },
    );
  });
});
