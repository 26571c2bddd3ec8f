import type { CallEvent } from './events.js';
import { invocationId } from './target.js';

const seconds = (ms: number) => `${(ms / 1_000).toFixed(1)} s`;

/** What is worth telling the person who waits; undefined for bookkeeping. */
export function progressMessage(event: CallEvent): string | undefined {
  switch (event.type) {
    case 'route-decided': {
      const first = event.decision.candidates[0];
      return first ? `Chose ${invocationId(first.target)} for ${event.decision.task}` : undefined;
    }
    case 'attempt-started':
      return `Asking ${invocationId(event.target)} in ${event.target.region}, attempt ${event.number}`;
    case 'retry-scheduled':
      return `Trying ${invocationId(event.target)} again in ${seconds(event.delayMs)} after ${event.category}`;
    case 'fallback-chosen':
      return `Moving from ${invocationId(event.from)} to ${invocationId(event.to)} after ${event.category}`;
    case 'cache-warmed':
      return `Warmed ${event.done} of ${event.total}`;
    case 'batch-advanced':
      return `${event.ended} of ${event.total} requests ended, ${event.failed} failed`;
    case 'text-previewed':
      return `… ${event.tail}`;
    case 'cache-hit':
      return 'Answered from the cache';
    default:
      return undefined;
  }
}
