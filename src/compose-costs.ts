import { createHash, randomUUID } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ApplicationOptions } from './compose.js';
import { openLedger } from './compose-ledger.js';
import { openReports } from './compose-reports.js';
import { budgetDefinitions } from './config/budget-settings.js';
import type { ServerEvent } from './core/events.js';
import type { Caller } from './core/pipeline.js';
import type { ModelDirectory } from './core/ports.js';
import { createBudgetCheck } from './cost/budget-check.js';
import { createBudgetKeeper } from './cost/budgets/budget-keeper.js';
import { createBudgetList } from './cost/budgets/budget-list.js';
import type { AlertFlags, BudgetStore } from './cost/budgets/budget-store.js';
import { createEconomyStage } from './cost/budgets/economy-stage.js';
import { createOutlook } from './cost/budgets/outlook.js';
import { createRedisBudgetStore } from './cost/budgets/stores/redis-budget-store.js';
import { openSqliteBudgetStore } from './cost/budgets/stores/sqlite-budget-store.js';
import { createThrottleGate } from './cost/budgets/throttle-gate.js';
import { startUpkeep } from './cost/budgets/upkeep.js';
import { createCostMonitor } from './cost/cost-monitor.js';
import { nanoFromUsd } from './cost/money.js';
import type { RedisConnection } from './storage/redis-connection.js';

export interface CostParts {
  readonly options: ApplicationOptions;
  readonly directory: ModelDirectory;
  /** Undefined: budgets are shared by the server processes of this machine only. */
  readonly redis: RedisConnection | undefined;
  readonly onServerEvent: (event: ServerEvent) => void;
}

/** Ledger and budgets with all that belongs to them. */
export async function openCosts({ options, directory, redis, onServerEvent }: CostParts) {
  const { settings, clock, random, logger } = options;
  const definitions = budgetDefinitions(settings.cost);
  const opened = await openStore(options, redis);
  const books = openLedger(options, onServerEvent);
  const { ledger } = books;
  const keeper = createBudgetKeeper({
    definitions,
    store: opened.store,
    truth: ledger,
    clock,
    random,
    logger,
    onServerEvent,
  });
  const { standings, store } = keeper;
  const outlook = createOutlook({ definitions, standings, clock });
  const budgets = createBudgetList({ definitions, store, standings, clock });
  const budgetsOf = (caller?: Caller) => (caller ? budgets.of(caller) : budgets.all());
  const monitor = createCostMonitor({ ledger, clock, logger, directory, budgets });
  const { alertThresholdUsd } = settings.cost;
  const check = createBudgetCheck({
    budgets: monitor.budgets,
    pending: ledger.pending,
    unsent: keeper.pending,
    store: redis ? 'in Redis, for all replicas' : 'in BEDROCK_DATA_DIR, for this machine only',
    ...(alertThresholdUsd !== undefined && { alertThreshold: nanoFromUsd(alertThresholdUsd) }),
  });
  const upkeep = startUpkeep({ keeper, clock, logger, onServerEvent });
  const maxConcurrent = settings.limits.maxConcurrentRequests;
  return {
    ledger,
    keeper,
    monitor,
    told: { costs: monitor, reports: openReports({ clock, ledger, budgets: budgetsOf, settle: monitor.close }) },
    checks: [check, books.check],
    outlook,
    throttle: createThrottleGate({ strained: outlook.strained, clock, maxConcurrent }),
    economy: createEconomyStage({ outlook, clock }),
    close: async () => {
      upkeep.stop();
      await monitor.close();
      await keeper.close();
      opened.close();
      await books.close();
    },
  };
}

interface OpenedStore {
  readonly store: BudgetStore & AlertFlags;
  close(): void;
}

async function openStore(
  { settings, clock }: ApplicationOptions,
  redis: RedisConnection | undefined,
): Promise<OpenedStore> {
  const { dataDir, databaseUrl } = settings.storage;
  if (redis) {
    const ledgerId = databaseUrl === undefined ? await ledgerIdIn(dataDir) : ledgerIdOf(databaseUrl);
    return { store: createRedisBudgetStore({ redis, nowMs: clock.nowMs, ledgerId }), close: () => undefined };
  }
  const store = await openSqliteBudgetStore({
    file: join(dataDir, settings.sandbox ? 'budgets-sandbox.db' : 'budgets.db'),
    clock,
  });
  return { store, close: store.close };
}

/** Names a shared ledger by the place of its database, whoever asks. */
function ledgerIdOf(databaseUrl: string): string {
  const { host, pathname } = new URL(databaseUrl);
  return createHash('sha256').update(`${host}${pathname}`).digest('hex').slice(0, 16);
}

/** Names the ledger in this directory among those of other machines that share a Redis. */
async function ledgerIdIn(dataDir: string): Promise<string> {
  const file = join(dataDir, 'ledger-id');
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  // Whoever writes first decides; all others read.
  await writeFile(file, randomUUID(), { flag: 'wx', mode: 0o600 }).catch(() => undefined);
  return (await readFile(file, 'utf8')).trim();
}
