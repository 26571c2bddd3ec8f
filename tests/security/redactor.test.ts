import { describe, expect, it } from '@jest/globals';
import { createRedactor } from '../../src/security/redactor.js';

const redact = createRedactor(['hunter2-known', 'known', 'tiny']);
const key = 'AKIAIOSFODNN7EXAMPLE';
const jwt = `eyJhbGciOiJIUzI1NiJ9.${'a'.repeat(40)}.${'b'.repeat(40)}`;
const pem = `-----BEGIN RSA PRIVATE KEY-----\nMIIEow${'A'.repeat(200)}\n-----END RSA PRIVATE KEY-----`;

describe('redactor', () => {
  it.each([
    ['AWS key', `key ${key} used`, key],
    ['bearer', 'sent Bearer abcdef.123456', 'abcdef.123456'],
    ['authorization in text', 'authorization: Basic dXNlcjpwYXNz', 'dXNlcjpwYXNz'],
    ['authorization in JSON', '{"Authorization":"AWS4-HMAC-SHA256 Credential=x, Signature=feed"}', 'feed'],
    ['JWT', `got ${jwt}`, jwt],
    ['private key', `before ${pem} after`, 'MIIEow'],
    ['private key that does not end', pem.slice(0, 100), 'MIIEow'],
    ['URL credentials', 'redis://user:pa55@host:6379', 'pa55'],
    ['signed URL', 'https://x/?X-Amz-Signature=deadbeef&x=1', 'deadbeef'],
    ['secret access key', 'aws_secret_access_key = wJalrXUtnFEMI/K7MDENG', 'wJalrXUtnFEMI'],
    ['password', 'password="swordfish"', 'swordfish'],
    ['known value', 'it was hunter2-known', 'hunter2'],
  ])('hides %s in text', (_name, text, secret) => {
    const shown = JSON.stringify(redact({ note: text }));
    expect(shown).not.toContain(secret);
    expect(shown).toContain('[redacted]');
  });

  it.each([
    'max_tokens: 500, input_tokens=12',
    '-----BEGIN CERTIFICATE----- abc',
    'request 3f0c1e7a-1d2b-4c3d-8e9f-000000000000 took 12 ms',
    'known as tiny',
    'arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-lite-v1:0',
    'https://bedrock-runtime.us-east-1.amazonaws.com/model/x',
  ])('leaves %s alone', (text) => {
    expect(redact(text)).toBe(text);
  });

  it('hides values under telling keys, nested and in arrays, in any spelling', () => {
    const secret = 'abc';
    const fields = {
      headers: { Authorization: secret, Cookie: secret, 'x-api-key': secret, 'X-Amz-Security-Token': secret },
      list: [{ accessKeyId: secret, secretAccessKey: secret, session_token: secret, dbPassword: secret }],
      token: { nested: secret },
    };
    expect(JSON.stringify(redact(fields))).not.toContain(secret);
  });

  it('keeps counts and flags that only sound secret', () => {
    const fields = { inputTokens: 5, timeToFirstTokenMs: 3, hasToken: true, token: undefined };
    expect(redact(fields)).toEqual(fields);
  });

  it('escapes what could forge a line or drive a terminal', () => {
    const shown = redact('a\n{"level":"error"}\u001b[31m\u2028\u2029\u0085\u202eb\ud800');
    expect(shown).toBe('a\\u000a{"level":"error"}\\u001b[31m\\u2028\\u2029\\u0085\\u202eb\\ud800');
  });

  it('makes plain data of anything', () => {
    const hostile = {
      get bad(): never {
        throw new Error('no');
      },
      ok: 1,
    };
    const proxy = new Proxy(
      {},
      {
        ownKeys: () => {
          throw new Error('no');
        },
      },
    );
    const cycle: Record<string, unknown> = {};
    cycle['self'] = cycle;
    expect(redact(hostile)).toEqual({ bad: '[unreadable]', ok: 1 });
    expect(redact(proxy)).toBe('[unreadable]');
    expect(JSON.stringify(redact(cycle))).toContain('[…]');
    expect(
      redact({
        big: 5n,
        fn: () => 1,
        nan: Number.NaN,
        at: new Date(0),
        no: new Date(Number.NaN),
        bytes: new Uint8Array(3),
        map: new Map([[1, 2]]),
        none: null,
        error: new TypeError('x'),
      }),
    ).toEqual({
      big: '5',
      fn: '[function]',
      nan: 'NaN',
      at: '1970-01-01T00:00:00.000Z',
      no: 'Invalid Date',
      bytes: '[3 bytes]',
      map: '[1 entries]',
      none: null,
      error: { name: 'TypeError', message: 'x' },
    });
  });

  it('does not let a key reach the prototype', () => {
    const result = redact(JSON.parse('{"__proto__":{"polluted":1}}'));
    expect(Object.getPrototypeOf(result)).toBe(Object.prototype);
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });

  it('bounds breadth, length and total size', () => {
    expect(redact(Array.from({ length: 150 }, () => 0))).toHaveLength(101);
    const wide = redact(Object.fromEntries(Array.from({ length: 150 }, (_, index) => [`k${index}`, 0])));
    expect(Object.keys(wide as object)).toHaveLength(101);
    expect(String(redact('x'.repeat(10_000)))).toMatch(/… \(10000 characters\)$/);
    const tree = (depth: number): unknown => (depth === 0 ? 'leaf' : Array.from({ length: 20 }, () => tree(depth - 1)));
    expect(JSON.stringify(redact(tree(4))).length).toBeLessThan(200_000);
  });

  it('shows no part of a secret that the scan limit cuts in two', () => {
    const text = `${'Bearer abcdefgh12345678 '.repeat(2_727)}AKIAIOSFODNN7EXAMPLE`;
    expect(text.indexOf('AKIA')).toBeLessThan(65_536);
    expect(text.length).toBeGreaterThan(65_460);
    expect(redact(`${text}${'x'.repeat(100_000)}`)).not.toContain('AKIA');
  });

  it.each([
    'a.',
    '1',
    'eyJ',
    'eyJ-',
    'eyJaaaaaaaaaa.',
    ' ',
    'Bearer ',
    'bearer a',
    'authorization: ',
    '://a:',
    '://a:b',
    'token=',
    'password = "',
    'AKIA',
    'x-amz-signature=',
    '-----BEGIN ',
    '-----BEGIN PRIVATE KEY-----',
    '-----BEGIN PRIVATE KEY-----\n-----END ',
    '\u001b',
    '\ud800',
  ])('stays quick on 50 KB of %j', (shape) => {
    const text = shape.repeat(Math.ceil(50_000 / shape.length));
    redact(text.slice(0, 2_000));
    const startedAt = process.cpuUsage();
    redact(text);
    const { user } = process.cpuUsage(startedAt);
    // Quadratic work on this length takes seconds; the bound leaves room for a slow machine.
    expect(user / 1_000).toBeLessThan(250);
  });
});
