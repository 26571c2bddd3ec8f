import type { Clock, Random } from '../core/clock.js';
import { ServiceError } from '../core/errors.js';
import type { EventSubscriber } from '../core/events.js';
import type { Catalogue } from '../core/model.js';
import type { ModelFactsSource } from '../core/model-facts.js';
import type { Stage } from '../core/pipeline.js';
import type { HealthCheck } from '../core/ports.js';
import type { ModelRequest, RoutedRequest } from '../core/request.js';
import type { Region } from '../core/target.js';
import { createModelAccess } from './access-check.js';
import { createArnDirectory } from './arn-directory.js';
import { createLiveFacts } from './live-facts.js';
import { createModelManager, type ModelManager } from './model-manager.js';
import { createRotation } from './rotation.js';

export interface LiveModels {
  readonly directory: ModelManager;
  /** Takes models that AWS refuses out of rotation. */
  readonly subscriber: EventSubscriber;
  /** Access to models. */
  readonly check: HealthCheck;
  /** Before a name is resolved: asks AWS about an ARN not seen yet, and for nothing else. @throws ServiceError */
  prepare(name: string | undefined, signal: AbortSignal): Promise<void>;
  /** The same as part of a stage: what a caller named is looked up before a place is chosen for it. */
  preparing(route: Stage<ModelRequest, RoutedRequest>): Stage<ModelRequest, RoutedRequest>;
  /** Begins to ask AWS for its lists and for the access to models, in the background. */
  start(): void;
  close(): void;
}

export interface LiveModelsOptions {
  readonly catalogue: Catalogue;
  readonly regions: readonly Region[];
  readonly geographies?: readonly string[];
  /** BEDROCK_MODEL_ARNS. */
  readonly arnHints: Readonly<Record<string, string>>;
  /** Models whose access is verified, the most important first. */
  readonly names: readonly string[];
  /** Called at each use: what is asked may be made after this. */
  readonly source: () => ModelFactsSource;
  readonly clock: Clock;
  readonly random: Random;
}

/** The catalogue, overlaid by what AWS says and by what calls have met. */
export function createLiveModels(options: LiveModelsOptions): LiveModels {
  const { clock, random, arnHints: hints } = options;
  const source = laterSource(options.source);
  const rotation = createRotation({ clock, random, source });
  const live = createLiveFacts({
    ...options,
    source,
    onRefreshed: async (signal) => {
      await rotation.recheck(signal);
      await access.verify(signal);
    },
  });
  const arns = createArnDirectory({ source, clock, hints });
  const directory = createModelManager({ ...options, live, rotation, arns });
  const access = createModelAccess({ directory, source, names: options.names });
  const prepare = async (name: string | undefined, signal: AbortSignal) => {
    live.touch();
    // A name that is not known may be that of a model which only AWS knows, and it is just being asked.
    if (live.revision() === 0 && name !== undefined && isUnknown(name, directory)) await live.settled();
    await arns.prepare(name, signal);
  };
  return {
    directory,
    subscriber: rotation,
    check: access.check,
    prepare,
    preparing: (route) => (next) => {
      const routed = route(next);
      return async (request, context) => {
        await prepare(request.model, context.signal);
        return routed(request, context);
      };
    },
    start: live.start,
    close: live.close,
  };
}

function isUnknown(name: string, directory: ModelManager): boolean {
  try {
    directory.resolve(name);
    return false;
  } catch (error) {
    return error instanceof ServiceError && error.reason === 'unknown_model';
  }
}

const laterSource = (source: () => ModelFactsSource): ModelFactsSource => ({
  listFoundationModels: (...asked) => source().listFoundationModels(...asked),
  listInferenceProfiles: (...asked) => source().listInferenceProfiles(...asked),
  describe: (...asked) => source().describe(...asked),
  modelAvailability: (...asked) => source().modelAvailability(...asked),
});
