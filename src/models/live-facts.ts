import type { Clock, Random } from '../core/clock.js';
import type { ListedModel, ListedProfile, ModelFactsSource } from '../core/model-facts.js';
import type { Region } from '../core/target.js';

/** What AWS said of one region; a part it did not answer is absent, and the catalogue's word holds. */
export interface RegionFacts {
  readonly models?: ReadonlyMap<string, ListedModel>;
  readonly profiles?: ReadonlyMap<string, ListedProfile>;
}

export interface LiveFacts {
  /** Switches it on and asks for the first time. */
  start(): void;
  /** Asks anew in the background when what is known is old; never waits. */
  touch(): void;
  of(region: Region): RegionFacts | undefined;
  /** Resolves when AWS is not being asked, or has answered. */
  settled(): Promise<void>;
  /** Grows with every change. */
  revision(): number;
  close(): void;
}

export interface LiveFactsOptions {
  readonly source: Pick<ModelFactsSource, 'listFoundationModels' | 'listInferenceProfiles'>;
  readonly regions: readonly Region[];
  readonly clock: Clock;
  readonly random: Random;
  /** Called after each round that brought something. */
  readonly onRefreshed?: (signal: AbortSignal) => Promise<void>;
}

const refreshMs = 3_600_000;
const retryMs = 300_000;

/** AWS's lists over the catalogue: stale ones are used while new ones are fetched, failures leave what was known. */
export function createLiveFacts({ source, regions, clock, random, onRefreshed }: LiveFactsOptions): LiveFacts {
  const closed = new AbortController();
  const { signal } = closed;
  const known = new Map<Region, RegionFacts>();
  let isOn = false;
  let dueAtMs = Number.NEGATIVE_INFINITY;
  let revision = 0;
  let running: Promise<void> | undefined;

  const refreshRegion = async (region: Region): Promise<boolean> => {
    const [models, profiles] = await Promise.allSettled([
      source.listFoundationModels(region, signal),
      source.listInferenceProfiles(region, signal),
    ]);
    const facts = {
      ...known.get(region),
      // An empty list is no word on anything.
      ...(models.status === 'fulfilled' && models.value.length > 0 && { models: byId(models.value) }),
      ...(profiles.status === 'fulfilled' && profiles.value.length > 0 && { profiles: byId(profiles.value) }),
    };
    known.set(region, facts);
    return models.status === 'fulfilled' && profiles.status === 'fulfilled';
  };
  const refresh = async () => {
    const complete = await Promise.all(regions.map(refreshRegion));
    revision += 1;
    const waitMs = complete.every(Boolean) ? refreshMs : retryMs;
    dueAtMs = clock.monotonicMs() + waitMs * (0.8 + random.next() * 0.4);
    await onRefreshed?.(signal).catch(() => undefined);
  };
  const touch = () => {
    if (!isOn || running || signal.aborted || clock.monotonicMs() < dueAtMs) return;
    const ended = () => {
      running = undefined;
    };
    running = refresh().then(ended, ended);
  };

  return {
    start: () => {
      isOn = true;
      touch();
    },
    touch,
    of: (region) => known.get(region),
    settled: async () => running,
    revision: () => revision,
    close: () => closed.abort(),
  };
}

const byId = <Listed extends { readonly id: string }>(list: readonly Listed[]) =>
  new Map(list.map((entry) => [entry.id, entry]));
