import { z } from 'zod';
import { required } from './define-setting.js';
import { json, list, seconds, text, wholeNumber } from './fields.js';

const perMinute = z.number().int().min(1).max(1e9).optional();
const quotas = json(
  'JSON that gives models their quotas, such as {"claude-sonnet@us-east-1":{"requests_per_minute":50,"tokens_per_minute":200000}}',
  z
    .record(
      z.string().regex(/^[\w.:/-]{1,2048}(@[a-z0-9-]{1,64})?$/),
      z.strictObject({ requests_per_minute: perMinute, tokens_per_minute: perMinute }),
    )
    .refine((rows) => Object.keys(rows).length <= 500),
);
const directory = text('an absolute path of a directory', /^(\/|[A-Za-z]:[\\/])/);

/** How much, how large and how long. */
export const limits = z.strictObject({
  maxConcurrentRequests: required(
    wholeNumber(1, 10_000),
    100,
    { variable: 'BEDROCK_MAX_CONCURRENT_REQUESTS' },
    'Calls that run at once; more wait in a bounded queue.',
  ),
  maxConcurrentPerTarget: required(
    wholeNumber(1, 10_000),
    10,
    { variable: 'BEDROCK_MAX_CONCURRENT_PER_MODEL' },
    'Calls that one model in one region takes at once; more wait, or go to another model.',
  ),
  quotas: required(
    quotas,
    {},
    { variable: 'BEDROCK_QUOTAS', defaultText: 'learned from throttling' },
    'Quotas of AWS by model, profile or alias, with @region for one region only: requests and tokens a minute that this server keeps to. Replicas share an account: give each its part.',
  ),
  requestTimeoutMs: required(
    seconds(1, 3_600),
    120_000,
    { variable: 'BEDROCK_REQUEST_TIMEOUT' },
    'Time for a whole call, retries and fallbacks included, when the call does not say.',
  ),
  firstTokenTimeoutMs: required(
    seconds(0.1, 3_600),
    5_000,
    { variable: 'BEDROCK_FIRST_TOKEN_TIMEOUT' },
    'After so long without a first token the call moves to another model.',
  ),
  idleTimeoutMs: required(
    seconds(0.1, 3_600),
    60_000,
    { variable: 'BEDROCK_IDLE_TIMEOUT' },
    'Longest silence within an answer that has begun.',
  ),
  maxRequestBytes: required(
    wholeNumber(1_024, 100_000_000),
    25_000_000,
    { variable: 'BEDROCK_MAX_REQUEST_BYTES' },
    'Largest request, in bytes of UTF-8.',
  ),
  attachmentRoots: required(
    list(directory),
    [],
    { variable: 'BEDROCK_ATTACHMENT_ROOTS', defaultText: 'none: no files are read' },
    'Directories from which callers may attach files by path; links that lead out of them are refused.',
  ),
  attachmentMaxBytes: required(
    wholeNumber(1, 25_000_000),
    18_350_080,
    { variable: 'BEDROCK_ATTACHMENT_MAX_BYTES' },
    "Largest file that is attached by path, in bytes; Bedrock's own limits of each kind hold too.",
  ),
});
