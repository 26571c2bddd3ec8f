import { ServiceError } from '../core/errors.js';

const maxDepth = 64;
/** Far above what any schema or tool input needs; objects used as dictionaries get slow beyond it. */
const maxKeys = 10_000;

/** Node has it since version 20; the library types of ES2023 do not name it yet. */
type CheckedString = string & { isWellFormed(): boolean };

function checkText(text: string): void {
  if ((text as CheckedString).isWellFormed()) return;
  throw new ServiceError('validation', 'The arguments hold text that is not valid Unicode (a lone surrogate).', {
    remedy: 'Send each character above U+FFFF as a complete surrogate pair.',
  });
}

/**
 * Refuses what no schema describes: nesting that could exhaust the stack of a later reader, and strings that cannot be
 * written as UTF-8.
 * @throws ServiceError validation
 */
export function checkArgumentLimits(value: unknown, depth = 0): void {
  if (typeof value === 'string') checkText(value);
  if (typeof value !== 'object' || value === null) return;
  if (depth >= maxDepth) {
    throw new ServiceError('validation', `The arguments are nested deeper than ${maxDepth} levels.`);
  }
  if (Array.isArray(value)) {
    for (const entry of value) checkArgumentLimits(entry, depth + 1);
    return;
  }
  const keys = Object.keys(value);
  if (keys.length > maxKeys) {
    throw new ServiceError('validation', `The arguments hold an object with more than ${maxKeys} entries.`);
  }
  for (const key of keys) {
    checkText(key);
    checkArgumentLimits((value as Record<string, unknown>)[key], depth + 1);
  }
}
