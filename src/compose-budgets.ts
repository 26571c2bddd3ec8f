import { createHash, randomUUID } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ApplicationOptions } from './compose.js';
import { budgetDefinitions } from './config/budget-settings.js';
import type { ServerEvent } from './core/events.js';
import type { Ledger } from './core/ledger.js';
import { createAlertWatch } from './cost/budgets/alert-watch.js';
import { createBudgetKeeper } from './cost/budgets/budget-keeper.js';
import { createBudgetList } from './cost/budgets/budget-list.js';
import type { AlertFlags, BudgetStore } from './cost/budgets/budget-store.js';
import { createEconomyStage } from './cost/budgets/economy-stage.js';
import { createOutlook } from './cost/budgets/outlook.js';
import { createRateWatch } from './cost/budgets/rate-watch.js';
import { createRedisBudgetStore } from './cost/budgets/stores/redis-budget-store.js';
import { openSqliteBudgetStore } from './cost/budgets/stores/sqlite-budget-store.js';
import { createThrottleGate } from './cost/budgets/throttle-gate.js';
import { startUpkeep } from './cost/budgets/upkeep.js';
import type { RedisConnection } from './storage/redis-connection.js';

export interface BudgetParts {
  readonly options: ApplicationOptions;
  /** Undefined: budgets are shared by the server processes of this machine only. */
  readonly redis: RedisConnection | undefined;
  readonly ledger: Pick<Ledger, 'use' | 'spend'>;
  readonly onServerEvent: (event: ServerEvent) => void;
}

/** The budgets of the settings, kept and watched. */
export async function openBudgets({ options, redis, ledger, onServerEvent }: BudgetParts) {
  const { settings, clock, random, logger } = options;
  const definitions = budgetDefinitions(settings.cost);
  const opened = await openStore(options, redis);
  const keeper = createBudgetKeeper({
    definitions,
    store: opened.store,
    truth: ledger,
    clock,
    random,
    logger,
    onServerEvent,
  });
  const { standings, store, reach } = keeper;
  const outlook = createOutlook({ definitions, standings, clock });
  const flags = opened.store;
  const watches = [
    createAlertWatch({ definitions, standings, store, flags, clock, onServerEvent }),
    createRateWatch({
      ledger,
      flags,
      clock,
      onServerEvent,
      place: opened.place,
      factor: settings.alerts.spendRateFactor,
    }),
  ];
  const upkeep = startUpkeep({ keeper, clock, logger, onServerEvent, watches });
  const maxConcurrent = settings.limits.maxConcurrentRequests;
  return {
    definitions,
    keeper,
    list: createBudgetList({ definitions, store, standings, reach, clock }),
    outlook,
    throttle: createThrottleGate({ strained: outlook.strained, clock, maxConcurrent }),
    economy: createEconomyStage({ outlook, clock }),
    close: async () => {
      await upkeep.stop();
      await keeper.close();
      opened.close();
    },
  };
}

interface OpenedStore {
  readonly store: BudgetStore & AlertFlags;
  /** Names the ledger that seeds it among those that share it. */
  readonly place: string;
  close(): void;
}

async function openStore(
  { settings, clock }: ApplicationOptions,
  redis: RedisConnection | undefined,
): Promise<OpenedStore> {
  const { dataDir, databaseUrl } = settings.storage;
  if (redis) {
    const ledgerId = databaseUrl === undefined ? await ledgerIdIn(dataDir) : ledgerIdOf(databaseUrl);
    const store = createRedisBudgetStore({ redis, nowMs: clock.nowMs, ledgerId });
    return { store, place: ledgerId, close: () => undefined };
  }
  const store = await openSqliteBudgetStore({
    file: join(dataDir, settings.sandbox ? 'budgets-sandbox.db' : 'budgets.db'),
    clock,
  });
  return { store, place: 'local', close: store.close };
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
