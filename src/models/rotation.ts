import type { Clock, Random } from '../core/clock.js';
import type { ErrorReason } from '../core/errors.js';
import type { EventSubscriber } from '../core/events.js';
import type { ModelFactsSource } from '../core/model-facts.js';
import { type Target, targetKey } from '../core/target.js';

/** Targets that AWS said cannot be called now, with its reason. */
export interface Rotation extends EventSubscriber {
  /** Why the target is out; undefined when it may be called. */
  outReason(target: Target): string | undefined;
  /** Grows with every change. */
  revision(): number;
  /** Asks AWS whether what is out may be called again, and takes it back if so. */
  recheck(signal: AbortSignal): Promise<void>;
}

export interface RotationOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly source: Pick<ModelFactsSource, 'modelAvailability'>;
}

interface Absence {
  readonly target: Target;
  readonly why: string;
  readonly untilMs: number;
}

/** Failures that the next call to the same target would meet again. */
const lasting: ReadonlySet<ErrorReason> = new Set([
  'end_of_life',
  'legacy',
  'access_not_enabled',
  'subscription_missing',
  'use_case_form_missing',
  'model_blocked',
  'wrong_model_id',
  // The base id only: where a profile exists, it is taken from then on.
  'needs_profile',
]);
const probeAfterMs = 1_800_000;
const most = 1_000;

/** A target out of rotation is tried again after about half an hour, or when AWS says earlier that it may be called. */
export function createRotation({ clock, random, source }: RotationOptions): Rotation {
  const absent = new Map<string, Absence>();
  let revision = 0;

  const takeBack = (key: string) => {
    if (absent.delete(key)) revision += 1;
  };
  const sweep = () => {
    const now = clock.monotonicMs();
    for (const [key, { untilMs }] of absent) if (untilMs <= now) takeBack(key);
  };

  return {
    onCallEvent: (event) => {
      if (event.type !== 'attempt-ended') return;
      const key = targetKey(event.target);
      const { failure, target } = event;
      if (event.outcome === 'succeeded') takeBack(key);
      if (failure?.reason === undefined || !lasting.has(failure.reason) || absent.has(key)) return;
      if (absent.size >= most) return;
      const untilMs = clock.monotonicMs() + probeAfterMs * (0.75 + random.next() / 2);
      absent.set(key, { target, why: failure.message, untilMs });
      revision += 1;
    },
    outReason: (target) => {
      const absence = absent.get(targetKey(target));
      return absence && absence.untilMs > clock.monotonicMs() ? absence.why : undefined;
    },
    revision: () => {
      sweep();
      return revision;
    },
    recheck: async (signal) => {
      await Promise.all(
        [...absent].map(async ([key, { target }]) => {
          const availability = await source
            .modelAvailability(target.model, target.region, signal)
            .catch(() => undefined);
          if (availability?.callable) takeBack(key);
        }),
      );
    },
  };
}
