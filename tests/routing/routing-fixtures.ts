import type { BreakerState, PerformanceRecord, TargetHealth, TargetPerformance } from '../../src/core/ports.js';
import { type ModelRequest, modelRequest } from '../../src/core/request.js';
import type { Classification } from '../../src/core/routing.js';
import { region, type Target, targetKey } from '../../src/core/target.js';
import { createPriceBook } from '../../src/cost/pricing.js';
import { loadCatalogue } from '../../src/models/catalogue/load-catalogue.js';
import { createModelManager } from '../../src/models/model-manager.js';
import { defaultTaskRoutes } from '../../src/routing/default-task-routes.js';
import { createModelRouter, type ModelRouterOptions } from '../../src/routing/model-router.js';
import type { LoadRecord } from '../../src/routing/performance-tracker.js';
import { createQualityPosteriors } from '../../src/routing/quality-posteriors.js';
import { fakeClock } from '../support/fake-clock.js';

export const catalogue = loadCatalogue();

export const request = (fields: Record<string, unknown> = {}): ModelRequest =>
  modelRequest.parse(fields['messages'] === undefined ? { prompt: 'Hello there', ...fields } : fields);

export const directoryFor = (regions: readonly string[] = ['us-east-1'], geographies?: readonly string[]) =>
  createModelManager({ catalogue, regions: regions.map(region), ...(geographies ? { geographies } : {}) });

/** Everything is closed except the named targets. */
export function healthWith(open: readonly string[] = []): TargetHealth {
  const stateOf = (target: Target): BreakerState =>
    open.includes(targetKey(target)) || open.includes(target.model)
      ? { target, state: 'open', why: '3 failures' }
      : { target, state: 'closed' };
  return { stateOf, states: () => [] };
}

/** A router's memory that holds nothing yet. */
export const noLoad: LoadRecord = { loadOf: () => ({ inFlight: 0, throttleRate: 0 }), version: () => 0 };

export const performanceOf = (known: Record<string, TargetPerformance> = {}): PerformanceRecord => ({
  of: (target) => known[target.model],
});

export const classification = (fields: Partial<Classification> = {}): Classification => ({
  task: 'general',
  confidence: 0.9,
  complexity: { score: 0.2, level: 'simple' },
  signals: ['because'],
  ...fields,
});

interface RouterSetup extends Partial<ModelRouterOptions> {
  readonly regions?: readonly string[];
  readonly geographies?: readonly string[];
  readonly judged?: Partial<Classification>;
}

export function routerWith({ regions, geographies, judged, ...options }: RouterSetup = {}) {
  return createModelRouter({
    directory: directoryFor(regions, geographies),
    prices: createPriceBook({ catalogue, clock: fakeClock() }),
    health: healthWith(),
    performance: performanceOf(),
    load: noLoad,
    posteriors: createQualityPosteriors({ seed: 1 }),
    affinity: { of: () => undefined },
    strategy: 'balanced',
    callerStrategies: {},
    modelWeights: {},
    regionWeights: {},
    seed: 1,
    classifier: {
      classify: ({ task }) => classification({ ...judged, ...(task === undefined ? {} : { task, confidence: 1 }) }),
    },
    taskRoutes: defaultTaskRoutes,
    fallbackModels: [],
    optimize: 'balanced',
    clock: fakeClock(),
    ...options,
  });
}
