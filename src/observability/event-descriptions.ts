import type { CallEvent, ServerEvent } from '../core/events.js';

/** What each event means, for the reference. The types make a missing one fail to compile. */
export const callEventDescriptions = {
  'call-started': 'A tool began a call; the first event of every call.',
  'cache-missed': 'No kept answer fits, or the call asked not to use one.',
  'cache-hit':
    'The answer came from the cache tier named, or from an equal call in flight; `saved` is what a new answer would have cost; `stale` says that its time is over.',
  'cache-warmed': 'So many of the requests with which the cache is warmed are done.',
  'route-decided': 'The candidates, in the order in which they will be tried, with the reasons.',
  'attempt-started': 'A request to one target is about to be sent.',
  'attempt-ended': 'The attempt is over, with its outcome, times and usage; a failed one may have been billed too.',
  'retry-scheduled': 'The same target will be asked again after the delay.',
  'fallback-chosen': 'The next candidate is asked, because the one before failed.',
  'economy-chosen': 'A budget is strained, so cheaper models are preferred for this call.',
  'hedge-started': 'The target is slower than usual, so it is asked a second time; the first to begin answers.',
  'cost-reserved': 'The worst case of a candidate was set aside in the budget.',
  'cost-settled': 'The true cost of the call at a target was booked.',
  'answer-rated': 'The caller rated the answer of the call, 0 to 1, some time after its end.',
  'batch-advanced': 'A request of a batch has ended; told to the progress of the batch only.',
  'text-previewed':
    'The last words that the model wrote so far; told to the progress of the call only, where it asked for it.',
  'call-succeeded': 'The call ended with an answer; the last event of a call.',
  'call-failed': 'The call ended with a typed error; the last event of a call.',
} as const satisfies Record<CallEvent['type'], string>;

export const serverEventDescriptions = {
  'breaker-changed': 'The circuit breaker of a target opened, let a probe through, or closed.',
  'pacing-changed': 'Calls to a target are slowed to what it let through before it throttled, or no longer.',
  'readiness-changed':
    'AWS took the credentials of this server, or refused them; told at the first answer and at each change.',
  'mode-changed':
    'The server entered degraded mode (a target rests or is paced, a store is out of use, credentials are refused, a local model answers) or left it; told once each.',
  'budget-compared': 'A counter of a budget was compared with the ledger; the difference is told.',
  'budget-rebuilt':
    'A counter was built anew from the ledger, because its store had lost it or it differed for longer than a booking lasts.',
  'alert-changed': 'A budget crossed one of its thresholds, or is spent unusually fast; or that is over.',
  'alert-sent': 'A message to the webhook was delivered, will be tried again, or was given up.',
  'server-health-changed': 'Two looks in a row found the server unhealthy, or found that it no longer is.',
  'store-degraded': 'A store (cache tier, ledger) does not answer in time; the server goes on without it where it may.',
  'store-recovered': 'The store answers again.',
  'cache-changed': 'What the memory layer of the cache holds, told when an answer is kept or dropped.',
} as const satisfies Record<ServerEvent['type'], string>;
