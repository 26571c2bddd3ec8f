import { describe, expect, it } from '@jest/globals';
import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { exampleOf } from '../../src/sandbox/schema-example.js';

const validator = new Ajv2020({ strict: false, validateFormats: false });

const person = {
  type: 'object',
  properties: { name: { type: 'string' }, friends: { type: 'array', items: { $ref: '#/$defs/person' } } },
  required: ['name'],
};

describe('an example of a schema', () => {
  it.each<[string, object]>([
    ['an object', { type: 'object', properties: { a: { type: 'integer' }, b: { type: 'boolean' } }, required: ['a'] }],
    ['required names without properties', { type: 'object', required: ['x', 'y'] }],
    ['properties without a type', { properties: { a: { type: 'null' } }, required: ['a'] }],
    ['an enumeration', { enum: ['red', 'green'] }],
    ['a constant', { const: { a: 1 } }],
    ['a default', { type: 'string', default: 'x' }],
    ['bounds', { type: 'integer', minimum: 7, maximum: 9 }],
    ['exclusive bounds', { type: 'number', exclusiveMinimum: 0, exclusiveMaximum: 0.1 }],
    ['a multiple', { type: 'integer', multipleOf: 5, minimum: 11 }],
    ['a negative range', { type: 'integer', maximum: -3 }],
    ['a number by its bounds', { minimum: 3 }],
    ['lengths', { type: 'string', minLength: 20, maxLength: 25 }],
    ['a short text', { type: 'string', maxLength: 3 }],
    ['a date', { type: 'string', format: 'date-time' }],
    ['several items', { type: 'array', items: { type: 'integer' }, minItems: 4, uniqueItems: true }],
    ['different texts', { type: 'array', items: { type: 'string' }, minItems: 3, uniqueItems: true }],
    ['different choices', { type: 'array', items: { enum: ['a', 'b', 'c'] }, minItems: 3, uniqueItems: true }],
    ['a tuple', { type: 'array', prefixItems: [{ type: 'string' }, { type: 'integer' }], minItems: 2 }],
    ['items without a type', { items: { type: 'string' }, minItems: 1, type: 'array' }],
    ['a choice of types', { type: ['null', 'string'] }],
    ['one of several', { oneOf: [{ type: 'string', maxLength: 2 }, { type: 'integer' }] }],
    ['any of several', { type: 'object', anyOf: [{ required: ['a'] }, { required: ['b'] }] }],
    ['all of several', { allOf: [{ properties: { a: { type: 'string' } }, required: ['a'] }, { required: ['b'] }] }],
    ['a reference', { $ref: '#/$defs/x', $defs: { x: { type: 'integer', minimum: 2 } } }],
    ['a recursion', { $ref: '#/$defs/person', $defs: { person } }],
    ['nothing', {}],
  ])('fits %s', (_name, schema) => {
    const value = exampleOf(schema);
    const validate = validator.compile(schema);
    validate(value);
    expect({ value, errors: validate.errors }).toEqual({ value, errors: null });
  });

  const leaf = fc.oneof(
    fc.record({ type: fc.constant('string'), minLength: fc.nat(20) }),
    fc
      .tuple(fc.integer({ min: -99, max: 99 }), fc.nat(50))
      .map(([minimum, room]) => ({ type: 'integer', minimum, maximum: minimum + room })),
    fc.record({ type: fc.constantFrom('boolean', 'null', 'number') }),
    fc.record({ enum: fc.uniqueArray(fc.string(), { minLength: 1, maxLength: 4 }) }),
  );
  const { tree } = fc.letrec<{ tree: object }>((tie) => ({
    tree: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      leaf,
      fc.record({ type: fc.constant('array'), items: tie('tree'), minItems: fc.nat(3) }),
      fc
        .dictionary(
          fc.string({ minLength: 1, maxLength: 6, unit: 'grapheme-ascii' }).map((name) => `.${name}`),
          tie('tree'),
          {
            maxKeys: 4,
            noNullPrototype: true,
          },
        )
        .map((properties) => ({
          type: 'object',
          properties,
          required: Object.keys(properties),
          additionalProperties: false,
        })),
    ),
  }));

  it('fits whatever is put together of the usual parts', () => {
    fc.assert(
      fc.property(tree, (schema) => validator.validate(schema, exampleOf(schema))),
      { numRuns: 150 },
    );
  });

  it('stays of a size that can be sent', () => {
    const nested = Array.from({ length: 8 }).reduce<object>((items) => ({ type: 'array', items, minItems: 40 }), {
      type: 'string',
    });
    expect(JSON.stringify(exampleOf(nested)).length).toBeLessThan(100_000);
  });

  it('ends for a schema that requires itself for ever, and for no schema at all', () => {
    const endless = {
      $ref: '#/$defs/a',
      $defs: { a: { type: 'object', properties: { b: { $ref: '#/$defs/a' } }, required: ['b'] } },
    };
    expect(exampleOf(endless)).toBeDefined();
    expect(exampleOf({ $ref: '#' })).toBeDefined();
    expect(exampleOf({ allOf: [{ $ref: '#' }] })).toBeDefined();
    expect(exampleOf('nonsense')).toBe('sandbox');
  });
});
