import type { ApplicationOptions } from './compose.js';
import { openAlerts } from './compose-alerts.js';
import { openBudgets } from './compose-budgets.js';
import { openLedger } from './compose-ledger.js';
import { openReports } from './compose-reports.js';
import type { ServerEvent } from './core/events.js';
import type { HealthReport } from './core/integration-service.js';
import type { Caller } from './core/pipeline.js';
import type { ModelDirectory } from './core/ports.js';
import { createBudgetCheck } from './cost/budget-check.js';
import { createCostMonitor } from './cost/cost-monitor.js';
import { nanoFromUsd } from './cost/money.js';
import type { RedisConnection } from './storage/redis-connection.js';

export interface CostParts {
  readonly options: ApplicationOptions;
  readonly directory: ModelDirectory;
  /** Undefined: budgets are shared by the server processes of this machine only. */
  readonly redis: RedisConnection | undefined;
  readonly onServerEvent: (event: ServerEvent) => void;
  /** Of the whole server. */
  readonly health: () => Promise<HealthReport>;
}

/** Ledger, budgets and alerts with all that belongs to them. */
export async function openCosts({ options, directory, redis, onServerEvent, health }: CostParts) {
  const { settings, clock, logger } = options;
  const books = openLedger(options, onServerEvent);
  const { ledger, database } = books;
  const budgets = await openBudgets({ options, redis, ledger, onServerEvent });
  const { keeper, outlook, throttle, economy } = budgets;
  const budgetsOf = (caller?: Caller) => (caller ? budgets.list.of(caller) : budgets.list.all());
  const monitor = createCostMonitor({ ledger, clock, logger, directory, budgets: budgets.list });
  const { alertThresholdUsd } = settings.cost;
  const check = createBudgetCheck({
    budgets: monitor.budgets,
    pending: ledger.pending,
    unsent: keeper.pending,
    isLost: keeper.reach.isLost,
    definitions: budgets.definitions,
    store: redis ? 'in Redis, for all replicas' : 'in BEDROCK_DATA_DIR, for this machine only',
    ...(alertThresholdUsd !== undefined && { alertThreshold: nanoFromUsd(alertThresholdUsd) }),
  });
  const alerts = openAlerts({ options, database, onServerEvent, health });
  return {
    ledger,
    keeper,
    monitor,
    told: { costs: monitor, reports: openReports({ clock, ledger, budgets: budgetsOf, settle: monitor.close }) },
    listeners: [monitor, ...alerts.subscribers],
    checks: [check, books.check, ...alerts.checks],
    administration: { ...(alerts.administration && { alerts: alerts.administration }) },
    outlook,
    throttle,
    economy,
    close: async () => {
      await monitor.close();
      await budgets.close();
      await alerts.close();
      await books.close();
    },
  };
}
