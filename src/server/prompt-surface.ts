import type { Clock } from '../core/clock.js';
import { ServiceError } from '../core/errors.js';
import type { BedrockIntegrationService } from '../core/integration-service.js';
import { type Caller, hasScope } from '../core/pipeline.js';
import type { Prompt } from './define-prompt.js';
import type { PromptListing, PromptSurface } from './surface.js';

export interface PromptSurfaceOptions {
  readonly prompts: readonly Prompt[];
  readonly service: () => Promise<BedrockIntegrationService>;
  readonly clock: Clock;
}

const longestArgument = 200_000;

function checkArguments(prompt: Prompt, args: Readonly<Record<string, string>>): void {
  const known = prompt.arguments.map(({ name }) => name);
  const missing = prompt.arguments.filter(({ name, required }) => required && !args[name]?.trim());
  const unknown = Object.keys(args).filter((name) => !known.includes(name));
  const long = Object.keys(args).filter((name) => (args[name] ?? '').length > longestArgument);
  const problem =
    (missing.length > 0 && `needs ${missing.map(({ name }) => `\`${name}\``).join(', ')}`) ||
    (unknown.length > 0 &&
      `takes no other arguments than ${known.map((name) => `\`${name}\``).join(', ') || 'none'}`) ||
    (long.length > 0 && `takes at most ${longestArgument} characters an argument`);
  if (problem) throw new ServiceError('validation', `The prompt ${prompt.name} ${problem}.`);
}

export function createPromptSurface({ prompts, service, clock }: PromptSurfaceOptions): PromptSurface {
  return {
    list: (caller) => prompts.filter(({ scope }) => hasScope(caller, scope)).map(listed),
    get: async (name, args, { caller, signal }) => {
      const prompt = findPrompt(prompts, name, caller);
      if (!prompt) return undefined;
      checkArguments(prompt, args);
      const text = await prompt.write(args, await service(), { caller, signal, clock });
      return { description: prompt.description, messages: [{ role: 'user', content: { type: 'text', text } }] };
    },
  };
}

function listed({ name, title, description, arguments: args }: Prompt): PromptListing {
  const told = args.map((argument) => ({
    name: argument.name,
    description: argument.description,
    required: argument.required,
  }));
  return { name, title, description, arguments: told };
}

/** Undefined for one that the caller's scopes do not open, as for one that does not exist. */
const findPrompt = (prompts: readonly Prompt[], name: string, caller: Caller): Prompt | undefined =>
  prompts.find((prompt) => prompt.name === name && hasScope(caller, prompt.scope));

/** What an argument of a prompt can be. */
export async function promptValues(
  { prompts, service }: PromptSurfaceOptions,
  name: string,
  argument: string,
  caller: Caller,
): Promise<readonly string[]> {
  const found = findPrompt(prompts, name, caller)?.arguments.find((one) => one.name === argument);
  return found?.values ? found.values(await service()) : [];
}
