import type { Clock } from '../core/clock.js';
import type { Model } from '../core/model.js';
import type { ListedProfile } from '../core/model-facts.js';
import { modelId, type Region, type Target } from '../core/target.js';
import type { ArnDirectory } from './arn-directory.js';
import type { LiveFacts } from './live-facts.js';
import type { Rotation } from './rotation.js';

/** What is known beyond the catalogue; each part may be missing, and then the catalogue's word holds. */
export interface ModelViewOptions {
  readonly clock?: Clock;
  readonly live?: Pick<LiveFacts, 'of' | 'revision'>;
  readonly rotation?: Pick<Rotation, 'outReason' | 'revision'>;
  readonly arns?: Pick<ArnDirectory, 'find'>;
}

export interface ModelView {
  /** Whether calls of the model have ended in the region, by the dates of the catalogue. */
  hasEnded(model: Model, region: Region): boolean;
  /** Whether the base id is refused there and a profile has to be named. */
  needsProfile(model: Model, region: Region): Model['requiresProfile'];
  /** False when AWS lists the models of the region without this one. */
  mayBeThere(model: Model, region: Region): boolean;
  /** `absent`: AWS lists the profiles of the region without this one; undefined: not known. */
  profile(id: string, region: Region): ListedProfile | 'absent' | undefined;
  /** Regions in which an ARN of the account's own may process data. */
  destinationsOf(arn: string): readonly string[] | undefined;
  outReason(target: Target): string | undefined;
}

export function createModelView({ clock, live, rotation, arns }: ModelViewOptions): ModelView {
  const listed = (model: Model, region: Region) => live?.of(region)?.models?.get(modelId(model.id));
  return {
    hasEnded: ({ lifecycle }, region) => {
      const end = lifecycle.eolByRegion?.[region] ?? lifecycle.eolByRegion?.['other'] ?? lifecycle.eol;
      return clock !== undefined && end !== undefined && Date.parse(end) <= clock.nowMs();
    },
    needsProfile: (model, region) => {
      const onDemand = listed(model, region)?.onDemand;
      if (onDemand === false) return true;
      return onDemand === true && model.requiresProfile === true ? 'region-dependent' : model.requiresProfile;
    },
    mayBeThere: (model, region) => {
      const models = live?.of(region)?.models;
      return models === undefined || models.has(model.id);
    },
    profile: (id, region) => {
      const profiles = live?.of(region)?.profiles;
      return profiles && (profiles.get(id) ?? 'absent');
    },
    destinationsOf: (arn) => arns?.find(arn)?.destinations,
    outReason: (target) => rotation?.outReason(target),
  };
}

/** The catalogue's row with the lifecycle that AWS states in the region: it may age, and what nobody checked may live. */
export function withLiveLifecycle(model: Model, region: Region | undefined, live: ModelViewOptions['live']): Model {
  const said = region && live?.of(region)?.models?.get(model.id)?.lifecycle;
  const { status } = model.lifecycle;
  const ages = said === 'LEGACY' && (status === 'ACTIVE' || status === 'UNVERIFIED');
  const lives = said === 'ACTIVE' && status === 'UNVERIFIED';
  return ages || lives ? { ...model, lifecycle: { ...model.lifecycle, status: ages ? 'LEGACY' : 'ACTIVE' } } : model;
}
