import type { Logger } from '../core/ports.js';

type Level = keyof Logger;

const maxWaiting = 1_000;

/**
 * A logger that is there at once and loads the real one behind it, so that the log does not delay the first answer.
 * Lines of the meantime wait, the oldest 1,000 of them; when loading fails they go to `onFailure` instead.
 */
export function createLazyLogger(load: () => Promise<Logger>, onFailure: (message: string) => void): Logger {
  const waiting: (readonly [Level, string, Record<string, unknown> | undefined])[] = [];
  let target: Logger | undefined;

  load().then(
    (loaded) => {
      target = loaded;
      for (const [level, message, fields] of waiting.splice(0)) loaded[level](message, fields);
    },
    () => {
      onFailure('The log could not be started.');
      for (const [level, message] of waiting.splice(0)) onFailure(`${level}: ${message}`);
    },
  );

  const write = (level: Level) => (message: string, fields?: Record<string, unknown>) => {
    if (target) target[level](message, fields);
    else if (waiting.length < maxWaiting) waiting.push([level, message, fields]);
  };
  return { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') };
}
