import type { Clock } from '../core/clock.js';
import { abortedError, ServiceError, toServiceError } from '../core/errors.js';
import type { DescribedArn, ModelFactsSource } from '../core/model-facts.js';
import type { Region } from '../core/target.js';
import { parseReference } from './model-reference.js';

/** Knows which base model an ARN of the account's own stands for. */
export interface ArnDirectory {
  /** Asks AWS about an ARN not seen yet. Does nothing for other names. @throws ServiceError when AWS does not say. */
  prepare(name: string | undefined, signal: AbortSignal): Promise<void>;
  /** What is known; undefined for an ARN never prepared. */
  find(arn: string): DescribedArn | undefined;
}

export interface ArnDirectoryOptions {
  readonly source: Pick<ModelFactsSource, 'describe'>;
  readonly clock: Clock;
  /** BEDROCK_MODEL_ARNS: what the operator says an ARN stands for; AWS is not asked then. */
  readonly hints: Readonly<Record<string, string>>;
}

const most = 1_000;
/** An ARN that AWS did not explain is not asked about again for each call. */
const failureHeldMs = 60_000;

/** Each ARN is asked about once, by all who need it at the same time together. */
export function createArnDirectory({ source, clock, hints }: ArnDirectoryOptions): ArnDirectory {
  const known = new Map<string, DescribedArn>(
    Object.entries(hints).map(([arn, model]) => [arn, { models: [model], destinations: [] }]),
  );
  const failed = new Map<string, { readonly error: ServiceError; readonly untilMs: number }>();
  const asking = new Map<string, Promise<void>>();

  const ask = async (arn: string, region: Region) => {
    try {
      // Asked for all who wait, so no caller's cancel ends it; the source has a limit of its own.
      const described = await source.describe(arn, region, new AbortController().signal);
      if (known.size < most) known.set(arn, described);
      failed.delete(arn);
    } catch (thrown) {
      const error = unexplained(toServiceError(thrown));
      if (failed.size < most) failed.set(arn, { error, untilMs: clock.monotonicMs() + failureHeldMs });
      throw error;
    } finally {
      asking.delete(arn);
    }
  };

  return {
    prepare: async (name, signal) => {
      if (!name?.trim().startsWith('arn:')) return;
      const { ownArn: arn, region } = parseReference(name);
      if (arn === undefined || region === undefined || known.has(arn)) return;
      const failure = failed.get(arn);
      if (failure && failure.untilMs > clock.monotonicMs()) throw failure.error;
      const running = asking.get(arn) ?? ask(arn, region);
      asking.set(arn, running);
      await untilAborted(running, signal);
    },
    find: (arn) => known.get(arn),
  };
}

async function untilAborted(work: Promise<void>, signal: AbortSignal): Promise<void> {
  let onAbort = () => {};
  const aborted = new Promise<never>((_, reject) => {
    onAbort = () => reject(abortedError(signal));
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort, { once: true });
  });
  try {
    await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener('abort', onAbort);
    work.catch(() => undefined);
  }
}

function unexplained(cause: ServiceError): ServiceError {
  const isTemporary = cause.category === 'network' || cause.category === 'rate_limit' || cause.category === 'timeout';
  if (isTemporary || cause.category === 'authentication') return cause;
  return new ServiceError('validation', 'AWS does not say which model this ARN stands for.', {
    reason: 'wrong_model_id',
    remedy:
      'Check the ARN; the operator can name its base model in BEDROCK_MODEL_ARNS, such as {"<arn>":"meta.llama3-3-70b-instruct-v1:0"}, ' +
      'or allow bedrock:GetInferenceProfile.',
    cause,
  });
}
