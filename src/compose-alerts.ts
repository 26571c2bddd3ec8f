import { hostname } from 'node:os';
import { createAlertAdministration } from './alerts/alert-administration.js';
import { createAlertsCheck } from './alerts/alerts-check.js';
import { startDispatcher } from './alerts/dispatcher.js';
import { createEventAlerts } from './alerts/event-alerts.js';
import { createOutbox } from './alerts/outbox.js';
import { startReadinessWatch } from './alerts/readiness-watch.js';
import { createMemoryDeliveryStore } from './alerts/stores/memory-delivery-store.js';
import { createSqlDeliveryStore } from './alerts/stores/sql-delivery-store.js';
import { createWebhookSender } from './alerts/webhook-sender.js';
import type { ApplicationOptions } from './compose.js';
import type { AlertAdministration } from './core/alerts.js';
import type { EventSubscriber, ServerEvent } from './core/events.js';
import type { HealthReport } from './core/integration-service.js';
import type { HealthCheck } from './core/ports.js';
import type { Database } from './storage/database.js';

export interface AlertParts {
  readonly options: ApplicationOptions;
  /** Of the ledger; messages wait in it. */
  readonly database: Database;
  readonly onServerEvent: (event: ServerEvent) => void;
  readonly health: () => Promise<HealthReport>;
}

export interface OpenedAlerts {
  readonly subscribers: readonly EventSubscriber[];
  readonly checks: readonly HealthCheck[];
  readonly administration?: AlertAdministration;
  close(): Promise<void>;
}

/** What tells the operator of trouble; without a webhook nothing does but the log. */
export function openAlerts({ options, database, onServerEvent, health }: AlertParts): OpenedAlerts {
  const { settings, clock, random, logger } = options;
  const { webhookUrl: url, webhookFormat: format, routingKey, topics, allowedNetworks } = settings.alerts;
  if (url === undefined) return { subscribers: [], checks: [], close: async () => undefined };
  const kept = createSqlDeliveryStore(database);
  const stores = [kept, createMemoryDeliveryStore()];
  const server = settings.sandbox ? `${hostname()} (sandbox)` : hostname();
  const sender = createWebhookSender({
    url,
    format,
    secrets: settings.alerts.webhookSecrets,
    ...(routingKey !== undefined && { routingKey }),
    server,
    allowedNetworks,
    clock,
  });
  const dispatcher = startDispatcher({ stores, sender, clock, random, logger, onServerEvent });
  const outbox = createOutbox({ stores, clock, random, logger, onAdded: dispatcher.wake });
  const readiness = startReadinessWatch({ health, clock, onServerEvent });
  return {
    subscribers: [createEventAlerts({ topics, clock, onAlert: outbox.put })],
    checks: [createAlertsCheck({ counts: kept.counts, trouble: dispatcher.trouble })],
    administration: createAlertAdministration({ stores, sender, dispatcher, clock, random }),
    close: async () => {
      readiness.stop();
      await outbox.settled();
      await dispatcher.stop();
    },
  };
}
