import type { Alert, AlertTopic, AlertType } from '../core/alerts.js';
import type { Clock } from '../core/clock.js';
import type { EventSubscriber, ServerEvent } from '../core/events.js';

/** Things of this process that are wrong at the same time; what comes beyond is not told. */
const mostFiring = 1_000;

export interface EventAlertsOptions {
  readonly topics: readonly AlertTopic[];
  readonly clock: Clock;
  readonly onAlert: (alert: Alert) => void;
}

type Change = Omit<Alert, 'atMs'> & { readonly topic: AlertTopic };

/** Turns events of the server into alerts, once for each transition. */
export function createEventAlerts({ topics, clock, onAlert }: EventAlertsOptions): EventSubscriber {
  const firing = new Set<string>();
  /** False when it is known already. Budgets keep their own count, over all processes. */
  const isNew = ({ key, status }: Alert): boolean => {
    if (status === 'resolved') return firing.delete(key);
    if (firing.has(key) || firing.size >= mostFiring) return false;
    firing.add(key);
    return true;
  };
  return {
    onCallEvent: () => undefined,
    onServerEvent: (event) => {
      if (event.type === 'alert-changed') {
        const topic = event.alert.type === 'spend.unusual' ? 'spend_rate' : 'budgets';
        if (topics.includes(topic)) onAlert(event.alert);
        return;
      }
      const change = changeIn(event);
      if (!change || !topics.includes(change.topic)) return;
      const { topic: _, ...rest } = change;
      const alert = { ...rest, atMs: clock.nowMs() };
      if (isNew(alert)) onAlert(alert);
    },
  };
}

function changeIn(event: ServerEvent): Change | undefined {
  switch (event.type) {
    case 'breaker-changed':
      return breakerChange(event);
    case 'store-degraded':
    case 'store-recovered':
      return storeChange(event);
    case 'server-health-changed':
      return healthChange(event);
    default:
      return undefined;
  }
}

const of = (topic: AlertTopic, type: AlertType, key: string, isFiring: boolean) => ({
  topic,
  type,
  key: `${type}/${key}`,
  status: isFiring ? ('firing' as const) : ('resolved' as const),
});

function breakerChange({ target, state, why, hinted }: ServerEvent & { type: 'breaker-changed' }): Change | undefined {
  // A probe decides nothing yet, and what another server told it tells by itself.
  if (state === 'half-open' || hinted) return undefined;
  const { model, region } = target;
  const isOpen = state === 'open';
  return {
    ...of('breakers', 'breaker.open', `${model}/${region}`, isOpen),
    severity: 'warning',
    summary: isOpen
      ? `${model} in ${region} is not called any more: ${why}.`
      : `${model} in ${region} is called again.`,
    facts: { model, region, why },
  };
}

function storeChange(event: ServerEvent & { type: 'store-degraded' | 'store-recovered' }): Change {
  const { store } = event;
  const isLost = event.type === 'store-degraded';
  return {
    ...of('stores', 'store.degraded', store, isLost),
    severity: 'warning',
    summary: isLost ? `The store "${store}" is out of use: ${event.why}.` : `The store "${store}" is in use again.`,
    facts: { store, ...(isLost && { why: event.why }) },
  };
}

function healthChange({ healthy, reasons }: ServerEvent & { type: 'server-health-changed' }): Change {
  const why = reasons.join(' ');
  return {
    ...of('readiness', 'server.not_ready', 'readiness', !healthy),
    severity: 'critical',
    summary: healthy ? 'The server is ready again.' : `The server is not ready: ${why}`,
    facts: healthy ? {} : { why },
  };
}
