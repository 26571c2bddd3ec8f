import { types } from 'node:util';
import { ServiceError } from '../core/errors.js';

const longestChain = 5;

/**
 * An error as plain fields: what it is, and its causes. Own properties of foreign errors (requests, responses, headers)
 * are left out, because that is where secrets are.
 */
export function flattenError(error: unknown, withStack: boolean): Record<string, unknown> {
  const chain = chainOf(error);
  const [first = {}, ...causes] = chain.map((link) => describe(link, withStack));
  return causes.length === 0 ? first : { ...first, causes };
}

/** Errors of another realm (a worker, a test's sandbox) are no instances of ours. */
export function isError(value: unknown): value is Error {
  return value instanceof Error || types.isNativeError(value);
}

function chainOf(error: unknown): unknown[] {
  const chain: unknown[] = [];
  let link: unknown = error;
  while (link !== undefined && link !== null && chain.length < longestChain && !chain.includes(link)) {
    chain.push(link);
    link = isError(link) ? read(link, 'cause') : undefined;
  }
  return chain;
}

function describe(link: unknown, withStack: boolean): Record<string, unknown> {
  if (!isError(link)) return { message: typeof link === 'string' ? link : `thrown ${typeof link}` };
  return {
    name: read(link, 'name'),
    message: read(link, 'message'),
    ...(link instanceof ServiceError && { category: link.category, reason: link.reason }),
    ...(typeof read(link, 'code') === 'string' && { code: read(link, 'code') }),
    ...(withStack && { stack: read(link, 'stack') }),
  };
}

/** A foreign error may answer even this with a throw. */
function read(error: Error, property: string): unknown {
  try {
    return Reflect.get(error, property);
  } catch {
    return '[unreadable]';
  }
}
