import type { ModelFactsSource } from '../core/model-facts.js';
import type { CheckResult, HealthCheck, ModelDirectory } from '../core/ports.js';
import type { Target } from '../core/target.js';

export interface ModelAccess {
  /** Asks AWS about the access to models until enough can be called. Never rejects. */
  verify(signal: AbortSignal): Promise<void>;
  readonly check: HealthCheck;
}

export interface ModelAccessOptions {
  readonly directory: ModelDirectory;
  readonly source: Pick<ModelFactsSource, 'modelAvailability'>;
  /** Names of models as settings and the built-in routes have them, the most important first. */
  readonly names: readonly string[];
}

interface Verdict {
  readonly model: string;
  readonly access: 'callable' | 'refused' | 'unknown';
}

/** As many must be callable that routing has a choice. */
const enough = 3;
const mostAsked = 10;

export function createModelAccess(options: ModelAccessOptions): ModelAccess {
  let verdicts: readonly Verdict[] = [];
  const verify = async (signal: AbortSignal) => {
    const found: Verdict[] = [];
    for (const target of targetsOf(options)) {
      if (signal.aborted || count(found, 'callable') >= enough) break;
      found.push({ model: target.model, access: await accessTo(target, options, signal) });
    }
    // Not before the round is over: half a round would look as if access were missing.
    verdicts = found;
  };
  return {
    verify,
    check: {
      name: 'models',
      run: async (deep, signal) => {
        if (deep) await verify(signal);
        return describe(verdicts);
      },
    },
  };
}

/** The first target of each model that the names stand for. */
function targetsOf({ directory, names }: ModelAccessOptions): readonly Target[] {
  const targets = new Map<string, Target>();
  for (const name of names) {
    const [target] = targetsNamed(name, directory);
    if (target && !targets.has(target.model) && targets.size < mostAsked) targets.set(target.model, target);
  }
  return [...targets.values()];
}

function targetsNamed(name: string, directory: ModelDirectory): readonly Target[] {
  try {
    return directory.targetsOf(directory.resolve(name)).targets;
  } catch {
    // A name in the settings that stands for nothing shows where it is used.
    return [];
  }
}

async function accessTo(
  { model, region }: Target,
  { source }: ModelAccessOptions,
  signal: AbortSignal,
): Promise<Verdict['access']> {
  try {
    return (await source.modelAvailability(model, region, signal)).callable ? 'callable' : 'refused';
  } catch {
    return 'unknown';
  }
}

const count = (verdicts: readonly Verdict[], access: Verdict['access']) =>
  verdicts.filter((verdict) => verdict.access === access).length;

function describe(verdicts: readonly Verdict[]): CheckResult {
  if (verdicts.length === 0) return { status: 'healthy', detail: 'Access to models was not asked for yet.' };
  const of = (access: Verdict['access'], words: string) => {
    const models = verdicts.filter((verdict) => verdict.access === access).map(({ model }) => model);
    return models.length === 0 ? [] : [`${words}: ${models.join(', ')}`];
  };
  const callable = count(verdicts, 'callable');
  const detail = [
    `${callable} of ${verdicts.length} models asked about can be called`,
    ...of('callable', 'access'),
    ...of('refused', 'no access'),
    ...of('unknown', 'AWS did not say'),
  ].join('; ');
  if (callable >= enough) return { status: 'healthy', detail: `${detail}.` };
  const isRefused = callable === 0 && count(verdicts, 'unknown') === 0;
  return {
    status: isRefused ? 'unhealthy' : 'degraded',
    detail: `${detail}.`,
    remedy:
      'Enable access to more models in the Bedrock console, and allow bedrock:GetFoundationModelAvailability ' +
      '(see `kairos-bedrock-mcp iam-policy`).',
  };
}
