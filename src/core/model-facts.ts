import type { ModelId, Region } from './target.js';

export interface ListedModel {
  readonly id: string;
  /** ACTIVE or LEGACY, as AWS says. */
  readonly lifecycle: string;
  /** False: it needs an inference profile or provisioned throughput. */
  readonly onDemand: boolean;
  readonly name?: string;
  readonly provider?: string;
  /** Modalities in small letters: text, image, embedding, … */
  readonly input?: readonly string[];
  readonly output?: readonly string[];
  readonly streams?: boolean;
}

export interface ListedProfile {
  readonly id: string;
  /** Regions in which it may process data; an empty name stands for any. */
  readonly destinations: readonly string[];
}

/** Base models behind an ARN, the one that answers in case of doubt first, and where it may process data. */
export interface DescribedArn {
  readonly models: readonly string[];
  readonly destinations: readonly string[];
}

/** What AWS itself says about models, which overlays the catalogue. Each member throws ServiceError. */
export interface ModelFactsSource {
  listFoundationModels(region: Region, signal: AbortSignal): Promise<readonly ListedModel[]>;
  /** The system-defined profiles that can be called from the region. */
  listInferenceProfiles(region: Region, signal: AbortSignal): Promise<readonly ListedProfile[]>;
  /** What an ARN of the account's own stands for. */
  describe(arn: string, region: Region, signal: AbortSignal): Promise<DescribedArn>;
  modelAvailability(id: ModelId, region: Region, signal: AbortSignal): Promise<{ readonly callable: boolean }>;
}
