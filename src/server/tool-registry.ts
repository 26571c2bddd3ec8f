import type { Clock, Random } from '../core/clock.js';
import { abortedError, ServiceError } from '../core/errors.js';
import type { BedrockIntegrationService } from '../core/integration-service.js';
import type { Logger } from '../core/ports.js';
import { callError, errorResult, successResult, type ToolResult } from './answers.js';
import { checkArgumentLimits } from './argument-limits.js';
import type { Tool, ToolAnswer, ToolCaller } from './define-tool.js';
import { listTool, type ToolListing } from './tool-listing.js';
import { argumentError, nearestName, quoted } from './validation-message.js';

export interface ToolRegistryOptions {
  readonly tools: readonly Tool[];
  /** Asked for at the first call, so that a client is greeted before the AWS SDK is loaded. */
  readonly service: () => Promise<BedrockIntegrationService>;
  readonly logger: Logger;
  readonly clock: Clock;
  readonly random: Random;
}

export interface ToolRegistry {
  /** The tools/list payload: the same objects for every client. */
  readonly listing: readonly ToolListing[];
  /** Checks the arguments, runs the tool, checks the answer. Never throws: a failure is a result with `isError`. */
  call(name: string, args: unknown, caller: ToolCaller): Promise<ToolResult>;
}

interface Entry {
  readonly tool: Tool;
  readonly argumentNames: readonly string[];
}

function unknownTool(name: string, known: readonly string[]): ServiceError {
  const near = nearestName(name, known);
  const hint = near ? `Did you mean \`${near}\`?` : `Known tools are ${known.join(', ')}.`;
  return new ServiceError('validation', `There is no tool ${quoted(name)}. ${hint}`, {
    remedy: 'Call one of the listed tools.',
  });
}

function parseArguments({ tool, argumentNames }: Entry, args: unknown): unknown {
  checkArgumentLimits(args);
  if (typeof args === 'object' && args !== null && Object.hasOwn(args, '__proto__')) {
    throw argumentError(
      tool.name,
      [{ code: 'unrecognized_keys', keys: ['__proto__'], path: [], message: '' }],
      args,
      argumentNames,
    );
  }
  const parsed = tool.input.safeParse(args);
  if (parsed.success) return parsed.data;
  throw argumentError(tool.name, parsed.error.issues, args, argumentNames);
}

function checkAnswer(tool: Tool, answer: ToolAnswer): void {
  const checked = tool.output.safeParse(answer.structured);
  if (checked.success) return;
  const where = checked.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.code}`).join(', ');
  throw new ServiceError('internal', 'The server made an answer that does not fit its own schema.', {
    cause: new Error(`output of ${tool.name}: ${where}`),
  });
}

/** @throws Error when two tools share a name or a schema is not an object: a fault of the program, found at start. */
export function createToolRegistry(options: ToolRegistryOptions): ToolRegistry {
  const { tools, service, logger, clock, random } = options;
  const listing = tools.map(listTool);
  const entries = new Map<string, Entry>(
    tools.map((tool, index) => [
      tool.name,
      { tool, argumentNames: Object.keys(listing[index]?.inputSchema.properties ?? {}) },
    ]),
  );
  if (entries.size < tools.length) throw new Error('two tools share a name');

  async function run(name: string, args: unknown, caller: ToolCaller): Promise<ToolAnswer> {
    const entry = entries.get(name);
    if (!entry) throw unknownTool(name, [...entries.keys()]);
    const input = parseArguments(entry, args);
    const ready = await service();
    if (caller.signal.aborted) throw abortedError(caller.signal);
    const answer = await entry.tool.handle(input, ready, { ...caller, clock });
    checkAnswer(entry.tool, answer);
    return answer;
  }

  return {
    listing,
    call: async (name, args, caller) => {
      try {
        return successResult(await run(name, args, caller));
      } catch (thrown) {
        const error = callError(thrown, caller.signal);
        const requestId = error.call?.requestId ?? random.id();
        if (error.category === 'internal') {
          logger.error('A tool call failed inside the server.', { tool: name.slice(0, 128), requestId, error });
        }
        return errorResult(error, requestId);
      }
    },
  };
}
