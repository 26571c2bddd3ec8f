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
  readonly tools: readonly Tool[];
  /** The tools/list payload: made at the first use, as it takes longer than greeting a client, and the same ever after. */
  listing(): readonly ToolListing[];
  /** Checks the arguments, runs the tool, checks the answer. Never throws: a failure is a result with `isError`. */
  call(name: string, args: unknown, caller: ToolCaller): Promise<ToolResult>;
}

type Issue = Parameters<typeof argumentError>[1][number];

function unknownTool(name: string, known: readonly string[]): ServiceError {
  const near = nearestName(name, known);
  const hint = near ? `Did you mean \`${near}\`?` : `Known tools are ${known.join(', ')}.`;
  return new ServiceError('validation', `There is no tool ${quoted(name)}. ${hint}`, {
    remedy: 'Call one of the listed tools.',
  });
}

/** `argumentNames` are asked for only when something is wrong. */
function parseArguments(tool: Tool, args: unknown, argumentNames: () => readonly string[]): unknown {
  checkArgumentLimits(args);
  // The schema library passes over this one name in silence.
  if (typeof args === 'object' && args !== null && Object.hasOwn(args, '__proto__')) {
    const issue: Issue = { code: 'unrecognized_keys', keys: ['__proto__'], path: [], message: '' };
    throw argumentError(tool.name, [issue], args, argumentNames());
  }
  const parsed = tool.input.safeParse(args);
  if (parsed.success) return parsed.data;
  throw argumentError(tool.name, parsed.error.issues, args, argumentNames());
}

function checkAnswer(tool: Tool, answer: ToolAnswer): void {
  const schema = 'isAlternative' in answer ? (tool.alternative ?? tool.output) : tool.output;
  const checked = schema.safeParse(answer.structured);
  if (checked.success) return;
  const where = checked.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.code}`).join(', ');
  throw new ServiceError('internal', 'The server made an answer that does not fit its own schema.', {
    cause: new Error(`output of ${tool.name}: ${where}`),
  });
}

/** @throws Error when two tools share a name: a fault of the program, found at start. */
export function createToolRegistry(options: ToolRegistryOptions): ToolRegistry {
  const { tools, service, logger, clock, random } = options;
  const byName = new Map(tools.map((tool) => [tool.name, tool]));
  if (byName.size < tools.length) throw new Error('two tools share a name');
  let listed: readonly ToolListing[] | undefined;

  function listing(): readonly ToolListing[] {
    listed ??= tools.map(listTool);
    return listed;
  }

  function argumentNames(tool: Tool): readonly string[] {
    return Object.keys(listing()[tools.indexOf(tool)]?.inputSchema.properties ?? {});
  }

  async function run(name: string, args: unknown, caller: ToolCaller): Promise<ToolAnswer> {
    const tool = byName.get(name);
    if (!tool) throw unknownTool(name, [...byName.keys()]);
    const input = parseArguments(tool, args, () => argumentNames(tool));
    const ready = await service();
    if (caller.signal.aborted) throw abortedError(caller.signal);
    const answer = await tool.handle(input, ready, { ...caller, clock });
    checkAnswer(tool, answer);
    return answer;
  }

  return {
    tools,
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
