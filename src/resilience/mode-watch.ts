import type { EventSubscriber, ServerEvent } from '../core/events.js';
import { targetKey } from '../core/target.js';

/** More troubles at once than this are not told apart. */
const mostTroubles = 1_000;

interface Change {
  readonly trouble: string;
  readonly isThere: boolean;
}

const localAnswers = 'a local model answers in place of Bedrock';

/**
 * Tells when the server enters degraded mode (something it relies on does not work as it should) and when it leaves it:
 * once each, however many troubles there are in between.
 */
export function createModeWatch(onServerEvent: (event: ServerEvent) => void): EventSubscriber {
  const troubles = new Set<string>();

  const note = ({ trouble, isThere }: Change): void => {
    const wasDegraded = troubles.size > 0;
    if (!isThere) troubles.delete(trouble);
    else if (troubles.size < mostTroubles) troubles.add(trouble);
    const degraded = troubles.size > 0;
    if (degraded !== wasDegraded) onServerEvent({ type: 'mode-changed', degraded, why: trouble });
  };

  return {
    onCallEvent: (event) => {
      if (event.type !== 'attempt-ended' || event.outcome !== 'succeeded') return;
      note({ trouble: localAnswers, isThere: event.target.region === 'local' });
    },
    onServerEvent: (event) => {
      const change = changeOf(event);
      if (change) note(change);
    },
  };
}

function changeOf(event: ServerEvent): Change | undefined {
  switch (event.type) {
    case 'breaker-changed':
      // A probe that is under way changes nothing yet.
      if (event.state === 'half-open') return undefined;
      return { trouble: `${targetKey(event.target)} rests`, isThere: event.state === 'open' };
    case 'pacing-changed':
      return { trouble: `${targetKey(event.target)} is paced`, isThere: event.paced };
    case 'store-degraded':
    case 'store-recovered':
      return { trouble: `the store ${event.store} is out of use`, isThere: event.type === 'store-degraded' };
    case 'readiness-changed':
      return { trouble: 'AWS does not take the credentials', isThere: !event.ready };
    default:
      return undefined;
  }
}
