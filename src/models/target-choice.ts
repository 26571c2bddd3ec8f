import type { Model } from '../core/model.js';
import type { ResolvedModel, TargetChoice } from '../core/ports.js';
import { modelId, profileId, type Region, type Target } from '../core/target.js';
import { isRetired } from './catalogue/successors.js';
import type { ModelView } from './model-view.js';
import type { ResidencyPolicy } from './residency-policy.js';

/** Where a model can be called under the policy; at most one target a region, in the order of the regions. */
export function chooseTargets(resolved: ResolvedModel, policy: ResidencyPolicy, view: ModelView): TargetChoice {
  const refusal = modelRefusal(resolved.model);
  if (refusal !== undefined) return { targets: [], refusal };
  const regions = policy.regions.filter((region) => resolved.region === undefined || region === resolved.region);
  const places = regions.map((region) => placesIn(region, resolved, policy, view));
  const targets = places.flatMap((options) => options.find((target) => view.outReason(target) === undefined) ?? []);
  if (targets.length > 0) return { targets };
  const out = places.flat().flatMap((target) => view.outReason(target) ?? [])[0];
  if (out !== undefined) return { targets, refusal: `${out} It is tried again later.` };
  const ended = regions.filter((region) => view.hasEnded(resolved.model, region));
  if (ended.length > 0) return { targets, refusal: `${resolved.model.id} was retired${retiredOn(resolved.model)}.` };
  return { targets, refusal: placeRefusal(resolved, policy) };
}

/** Why nobody can call this model through this server, whatever the settings. */
export function modelRefusal(model: Model): string | undefined {
  if (model.kind !== 'chat') return `${model.id} is no chat model but one for ${model.kind}.`;
  if (model.endpoint !== undefined) return `${model.id} is served by another Bedrock endpoint than this server calls.`;
  return isRetired(model) ? `${model.id} was retired${retiredOn(model)}.` : undefined;
}

export function retiredOn(model: Model): string {
  return model.lifecycle.eol === undefined ? '' : ` on ${model.lifecycle.eol}`;
}

/** The ways in which a model can be called from a region, the preferred first. */
function placesIn(
  region: Region,
  resolved: ResolvedModel,
  policy: ResidencyPolicy,
  view: ModelView,
): readonly Target[] {
  const { model } = resolved;
  if (!policy.allows(region) || view.hasEnded(model, region)) return [];
  const inRegion: Target = { model: modelId(model.id), region };
  if (resolved.profile?.startsWith('arn:')) {
    const destinations = view.destinationsOf(resolved.profile) ?? [];
    return policy.admits(destinations) ? [{ ...inRegion, profile: resolved.profile }] : [];
  }
  const profiles = policy
    .geographiesFor(region)
    .flatMap((geography) => model.profiles[geography] ?? [])
    .filter((id) => isUsable(id, region, policy, view))
    .map((id): Target => ({ ...inRegion, profile: profileId(id) }));
  if (resolved.profile !== undefined) return profiles.filter(({ profile }) => profile === resolved.profile);
  const needed = view.needsProfile(model, region);
  const bare = needed !== true && view.mayBeThere(model, region) ? [inRegion] : [];
  return needed === false ? [...bare, ...profiles] : [...profiles, ...bare];
}

/** A profile that AWS lists has to stay where data may be processed by its own list, whatever its prefix says. */
function isUsable(id: string, region: Region, policy: ResidencyPolicy, view: ModelView): boolean {
  const listed = view.profile(id, region);
  if (listed === undefined) return true;
  return listed !== 'absent' && policy.admits(listed.destinations);
}

function placeRefusal(resolved: ResolvedModel, policy: ResidencyPolicy): string {
  const { model, profile, region } = resolved;
  const configured = policy.regions.join(', ');
  if (region !== undefined && !policy.regions.includes(region)) {
    return `The ARN names region ${region}, but AWS_BEDROCK_REGION and BEDROCK_REGIONS name ${configured}.`;
  }
  const usable = policy.regions.filter((candidate) => policy.allows(candidate));
  if (usable.length === 0) {
    return (
      `No configured region (${configured}) lies in the allowed geographies (${policy.geographies?.join(', ')}): ` +
      'change AWS_BEDROCK_REGION or BEDROCK_ALLOWED_GEOGRAPHIES.'
    );
  }
  const offered = Object.entries(model.profiles).filter(([, id]) => profile === undefined || id === profile);
  const places = offered.map(([geography]) => describePlace(geography, policy));
  return (
    `${profile ?? model.id} cannot be called from ${usable.join(', ')} under the allowed geographies. ` +
    (places.length === 0 ? 'It has no inference profile.' : `It can be reached with ${places.join('; or ')}.`)
  );
}

function describePlace(geography: string, policy: ResidencyPolicy): string {
  const allowed = policy.geographies === undefined ? geography !== 'global' : policy.geographies.includes(geography);
  const settings = allowed ? [] : [`"${geography}" in BEDROCK_ALLOWED_GEOGRAPHIES`];
  if (!policy.regions.some((region) => policy.regionsOf(geography).includes(region))) {
    const examples = policy.regionsOf(geography).slice(0, 3).join(', ');
    settings.push(`AWS_BEDROCK_REGION in ${examples === '' ? `the geography ${geography}` : examples}`);
  }
  return settings.length === 0 ? `a region of the geography ${geography}` : settings.join(' and ');
}
