import { type PromptSurfaceOptions, promptValues } from './prompt-surface.js';
import { type ResourceSurfaceOptions, resourceValues } from './resource-surface.js';
import type { CompletionSurface } from './surface.js';

/** What was typed stands at the beginning, or else anywhere within. */
function fitting(values: readonly string[], typed: string): readonly string[] {
  const wanted = typed.toLowerCase();
  const begins = values.filter((value) => value.toLowerCase().startsWith(wanted));
  const within = values.filter((value) => !begins.includes(value) && value.toLowerCase().includes(wanted));
  return [...begins, ...within];
}

export function createCompletionSurface(options: ResourceSurfaceOptions & PromptSurfaceOptions): CompletionSurface {
  return {
    complete: async ({ reference, argument, value }, { caller }) => {
      const values =
        reference.type === 'prompt'
          ? await promptValues(options, reference.name, argument, caller)
          : await resourceValues(options, reference.uriTemplate, argument, caller);
      return fitting(values, value);
    },
  };
}
