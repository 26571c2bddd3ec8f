declare const brand: unique symbol;
type Branded<Value, Name extends string> = Value & { readonly [brand]: Name };

/** A base model id without a geographic prefix, such as `amazon.nova-lite-v1:0`. */
export type ModelId = Branded<string, 'ModelId'>;
/** An AWS region, such as `us-east-1`. */
export type Region = Branded<string, 'Region'>;
/** An inference profile id, such as `us.amazon.nova-lite-v1:0`. */
export type ProfileId = Branded<string, 'ProfileId'>;

export const modelId = (value: string): ModelId => value as ModelId;
export const region = (value: string): Region => value as Region;
export const profileId = (value: string): ProfileId => value as ProfileId;

/** Where one attempt goes: a model in a region, through an inference profile where the model needs one. */
export interface Target {
  readonly model: ModelId;
  readonly region: Region;
  readonly profile?: ProfileId;
}

/** What Bedrock is asked for: the profile where there is one, else the base model. */
export const invocationId = (target: Target): string => target.profile ?? target.model;

/** Names a target in maps, logs and metrics. */
export const targetKey = (target: Target): string => `${invocationId(target)}@${target.region}`;

/** The geography prefix of a profile id (`us`, `eu`, `global` …); undefined for an in-region target. */
export function profileGeography(target: Target): string | undefined {
  const { profile, model } = target;
  return profile?.endsWith(`.${model}`) ? profile.slice(0, -model.length - 1) : undefined;
}
