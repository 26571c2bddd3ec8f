import { z } from 'zod';
import { optional, required } from './define-setting.js';
import { choice, flag, list, seconds, text, url, wholeNumber } from './fields.js';

/** Each is explained in caching/cache-policy.ts. */
const cacheKinds = ['temperature', 'tools', 'attachments', 'streams', 'none'] as const;

/** What is kept of answers, where, and what Redis is to this server. */
export const cache = z.strictObject({
  ttlSeconds: required(
    wholeNumber(0, 86_400),
    300,
    { variable: 'BEDROCK_CACHE_TTL' },
    'Seconds for which an answer is kept; 0 switches the cache off, the joining of equal calls too.',
  ),
  memoryBytes: required(
    wholeNumber(1_000_000, 100_000_000_000),
    100_000_000,
    { variable: 'BEDROCK_CACHE_MEMORY_BYTES' },
    'Memory that cached answers may take.',
  ),
  eviction: required(
    choice('auto', 'lru', 'gdsf', 'tinylfu'),
    'auto',
    { variable: 'BEDROCK_CACHE_EVICTION' },
    'What goes when that memory is full; auto measures which policy saves most money.',
  ),
  include: required(
    list(choice(...cacheKinds)),
    ['streams'],
    { variable: 'BEDROCK_CACHE_INCLUDE' },
    'Calls that the cache takes too: temperature (above 0.3 without being asked to), tools, attachments, streams; none.',
  ),
  excludedCallers: required(
    list(text('a caller id', /^\S{1,256}$/)),
    [],
    { variable: 'BEDROCK_CACHE_EXCLUDED_CALLERS' },
    'Callers whose calls the cache neither answers nor keeps.',
  ),
  staleWhileRevalidateMs: required(
    seconds(0, 86_400),
    0,
    { variable: 'BEDROCK_CACHE_STALE_WHILE_REVALIDATE' },
    'For so long after its time an answer is served, and says so, while a new one is made.',
  ),
  staleIfErrorMs: required(
    seconds(0, 86_400),
    0,
    { variable: 'BEDROCK_CACHE_STALE_IF_ERROR' },
    'For so long after its time an answer is served, and says so, when no new one can be made.',
  ),
  redisUrl: optional(
    url('redis:', 'rediss:'),
    { variable: 'BEDROCK_REDIS_URL', secret: 'credentials', defaultText: 'none' },
    'Redis that several replicas share as second cache tier.',
  ),
  redisCluster: required(
    flag,
    false,
    { variable: 'BEDROCK_REDIS_CLUSTER' },
    'The Redis is a cluster; the URL names one of its nodes.',
  ),
  redisTimeoutMs: required(
    seconds(0.005, 10),
    100,
    { variable: 'BEDROCK_REDIS_TIMEOUT' },
    'After so long without an answer Redis is out of use, and calls go on without it, until a probe finds it back.',
  ),
});
