import type { Clock, Random } from '../core/clock.js';
import { abortedError, ServiceError } from '../core/errors.js';
import type { BedrockIntegrationService } from '../core/integration-service.js';
import { type Caller, hasScope, type Scope, scopes } from '../core/pipeline.js';
import type { Logger } from '../core/ports.js';
import { callError, errorResult, successResult, type ToolResult } from './answers.js';
import { checkArgumentLimits } from './argument-limits.js';
import type { Tool, ToolAnswer, ToolCaller, ToolKind } from './define-tool.js';
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
  /** The tools that the caller's scopes open. */
  offered(caller: Caller): readonly Tool[];
  /**
   * The tools/list payload for the caller's scopes: made at the first use, as it takes longer than greeting a client, and
   * the same ever after.
   */
  list(caller: Caller): readonly ToolListing[];
  /** The scope that the caller would need for the tool; undefined when it may call it, or nobody can. */
  missingScope(name: string, caller: Caller): Scope | undefined;
  /** Checks the arguments, runs the tool, checks the answer. Never throws: a failure is a result with `isError`. */
  call(name: string, args: unknown, caller: ToolCaller): Promise<ToolResult>;
}

/** The scope that opens tools of a kind. */
const scopeOf = { read: 'read', write: 'invoke', admin: 'admin' } as const satisfies Record<ToolKind, Scope>;

type Issue = Parameters<typeof argumentError>[1][number];

function unknownTool(name: string, known: readonly string[]): ServiceError {
  const near = nearestName(name, known);
  const hint = near ? `Did you mean \`${near}\`?` : `Known tools are ${known.join(', ')}.`;
  return new ServiceError('validation', `There is no tool ${quoted(name)}. ${hint}`, {
    remedy: 'Call one of the listed tools.',
  });
}

function outOfScope({ name, kind }: Tool): ServiceError {
  return new ServiceError('authorization', `The caller lacks the scope ${scopeOf[kind]} that ${name} needs.`, {
    remedy: `Use an API key or token with the scope ${scopeOf[kind]}, or call one of the listed tools.`,
  });
}

/** What callers of one set of scopes see. */
interface View {
  readonly offered: readonly Tool[];
  listing: readonly ToolListing[] | undefined;
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
  const views = new Map<string, View>();

  function viewOf(caller: Caller): View {
    const held = scopes.filter((scope) => hasScope(caller, scope)).join();
    const known = views.get(held);
    if (known) return known;
    const offered = tools.filter(({ kind }) => hasScope(caller, scopeOf[kind]));
    const view: View = { offered, listing: undefined };
    views.set(held, view);
    return view;
  }

  function list(caller: Caller): readonly ToolListing[] {
    const view = viewOf(caller);
    view.listing ??= view.offered.map(listTool);
    return view.listing;
  }

  function argumentNames(tool: Tool, caller: Caller): readonly string[] {
    return Object.keys(list(caller).find(({ name }) => name === tool.name)?.inputSchema.properties ?? {});
  }

  function find(name: string, caller: Caller): Tool {
    const tool = byName.get(name);
    const offered = viewOf(caller).offered.map((known) => known.name);
    if (!tool) throw unknownTool(name, offered);
    if (!offered.includes(name)) throw outOfScope(tool);
    return tool;
  }

  async function run(name: string, args: unknown, caller: ToolCaller): Promise<ToolAnswer> {
    const tool = find(name, caller.caller);
    const input = parseArguments(tool, args, () => argumentNames(tool, caller.caller));
    const ready = await service();
    if (caller.signal.aborted) throw abortedError(caller.signal);
    const answer = await tool.handle(input, ready, { ...caller, clock });
    checkAnswer(tool, answer);
    return answer;
  }

  return {
    offered: (caller) => viewOf(caller).offered,
    list,
    missingScope: (name, caller) => {
      const tool = byName.get(name);
      return tool && !hasScope(caller, scopeOf[tool.kind]) ? scopeOf[tool.kind] : undefined;
    },
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
