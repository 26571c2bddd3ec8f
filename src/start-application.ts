import type { Application as Composed } from './compose.js';
import type { Settings } from './config/settings.js';
import { systemClock, systemRandom } from './core/clock.js';
import type { Logger } from './core/ports.js';
import { version } from './version.js';

/** The composed application, made when it is first needed: loading it takes longer than greeting a client. */
export interface Application {
  /** Rejects with what is wrong when it cannot be made; the next call tries again. */
  get(): Promise<Composed>;
  /** Makes it and loads what the first call needs, in the background. */
  warm(): void;
  close(): Promise<void>;
}

export function startApplication({ settings, logger }: { settings: Settings; logger: Logger }): Application {
  let composed: Promise<Composed> | undefined;

  const create = async () => {
    const { compose } = await import('./compose.js');
    return await compose({ settings, version, logger, clock: systemClock, random: systemRandom });
  };
  const get = () => {
    composed ??= create().catch((error: unknown) => {
      composed = undefined;
      throw error;
    });
    return composed;
  };

  return {
    get,
    warm: () => {
      get()
        .then((application) => application.warm())
        .catch((error: unknown) => logger.error('The server cannot serve calls.', { error }));
    },
    close: async () => {
      const application = await composed?.catch(() => undefined);
      await application?.service.close();
    },
  };
}
