import type { Command } from 'commander';
import { cacheModes, type ModelRequest, modelRequest, optimizeGoals, strategyNames, tasks } from '../core/request.js';
import { usageFailure } from './failures.js';

export interface RequestFlags {
  readonly model?: string;
  readonly task?: string;
  readonly optimize?: string;
  readonly strategy?: string;
  readonly system?: string;
  readonly maxTokens?: number;
  readonly temperature?: number;
  readonly cache?: string;
  readonly maxCost?: number;
  readonly timeout?: number;
  readonly tag?: readonly string[];
  readonly fallback: boolean;
}

const longestShown = 40;

export function readNumber(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value)) {
    throw usageFailure(`${JSON.stringify(text.slice(0, longestShown))} is not a number.`);
  }
  return value;
}

const collect = (tag: string, before: readonly string[] = []) => [...before, tag];

/** The options that describe a request, for the commands that take one. */
export function takesRequest(command: Command): Command {
  return command
    .argument('<prompt>', 'what to ask; - reads it from the standard input')
    .option('-m, --model <model>', 'model id, profile id or alias; default: the best one is chosen')
    .option('--task <task>', `kind of work: ${tasks.join(', ')}`)
    .option('--optimize <goal>', `what to favour: ${optimizeGoals.join(', ')}`)
    .option('--strategy <name>', `how to order the models: ${strategyNames.join(', ')}`)
    .option('--system <text>', 'instructions that stand before the prompt')
    .option('--max-tokens <number>', 'upper limit of tokens in the answer', readNumber)
    .option('--temperature <number>', '0 to 1', readNumber)
    .option('--cache <mode>', `use of the cache: ${cacheModes.join(', ')}`)
    .option('--max-cost <usd>', 'refuse the call if it could cost more', readNumber)
    .option('--timeout <seconds>', 'time for the whole call', readNumber)
    .option('--tag <key=value>', 'label for the cost report; may be repeated', collect)
    .option('--no-fallback', 'do not try other models');
}

function tagsOf(tags: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    tags.map((tag) => {
      const separator = tag.indexOf('=');
      if (separator < 1)
        throw usageFailure(`--tag takes key=value, not ${JSON.stringify(tag.slice(0, longestShown))}.`);
      return [tag.slice(0, separator), tag.slice(separator + 1)];
    }),
  );
}

/** The request that prompt and flags describe; a wrong one ends the command with exit code 2. */
export function requestOf(prompt: string, flags: RequestFlags): ModelRequest {
  const { maxTokens, maxCost, timeout, tag, model, task, optimize, strategy, system, temperature, cache, fallback } =
    flags;
  const given = {
    prompt,
    model,
    task,
    optimize,
    strategy,
    system,
    temperature,
    cache,
    fallback,
    max_tokens: maxTokens,
    max_cost_usd: maxCost,
    timeout_ms: timeout === undefined ? undefined : Math.round(timeout * 1_000),
    tags: tag && tagsOf(tag),
  };
  const parsed = modelRequest.safeParse(given);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map(
    ({ path, message }) => `${path.join('.')}${path.length ? ': ' : ''}${message}`,
  );
  throw usageFailure(['The request is not valid:', ...problems].join('\n  '));
}
