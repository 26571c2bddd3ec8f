import { z } from 'zod';
import { ServiceError, toServiceError } from '../core/errors.js';
import type { CompletionReference, McpSurface, RequestContext } from './surface.js';

/** JSON-RPC's own codes, as far as this server answers with them. */
const codes = { methodNotFound: -32_601, invalidParams: -32_602, internal: -32_603, resourceNotFound2025: -32_002 };
/** What the protocol takes in one answer. */
const maxCompletions = 100;

/** A request that ends in a JSON-RPC error, in place of a result. */
export class RequestFailure extends Error {
  readonly code: number;
  readonly data: Readonly<Record<string, unknown>> | undefined;

  constructor(code: number, message: string, data?: Readonly<Record<string, unknown>>) {
    super(message);
    this.code = code;
    this.data = data;
  }
}

type Result = Readonly<Record<string, unknown>>;
type RequestHandler = (surface: McpSurface, params: unknown, context: RequestContext) => Result | Promise<Result>;

const listParams = z.object({ cursor: z.undefined().optional() }).optional();
const callParams = z.object({ name: z.string(), arguments: z.unknown().optional() });
const readParams = z.object({ uri: z.string() });
const promptParams = z.object({ name: z.string(), arguments: z.record(z.string(), z.string()).default({}) });
const completionParams = z.object({
  ref: z.union([
    z.object({ type: z.literal('ref/prompt'), name: z.string() }),
    z.object({ type: z.literal('ref/resource'), uri: z.string() }),
  ]),
  argument: z.object({ name: z.string(), value: z.string() }),
  context: z.object({ arguments: z.record(z.string(), z.string()).default({}) }).optional(),
});

function parse<Schema extends z.ZodType>(schema: Schema, params: unknown, expected: string): z.output<Schema> {
  const parsed = schema.safeParse(params);
  if (parsed.success) return parsed.data;
  throw new RequestFailure(codes.invalidParams, expected);
}

function checkList(params: unknown): void {
  parse(listParams, params, 'Lists of this server have one page: leave `cursor` out.');
}

function missing(): never {
  throw new RequestFailure(codes.methodNotFound, 'Method not found');
}

function notFound(uri: string, { era }: RequestContext): RequestFailure {
  const code = era === '2025' ? codes.resourceNotFound2025 : codes.invalidParams;
  return new RequestFailure(code, 'There is no such resource.', { uri: uri.slice(0, 256) });
}

const readResource: RequestHandler = async ({ resources }, params, context) => {
  if (!resources) return missing();
  const { uri } = parse(readParams, params, 'resources/read needs the `uri` of a resource, as a string.');
  const contents = await resources.read(uri, context);
  if (!contents) throw notFound(uri, context);
  return { contents };
};

const getPrompt: RequestHandler = async ({ prompts }, params, context) => {
  if (!prompts) return missing();
  const { name, arguments: args } = parse(
    promptParams,
    params,
    'prompts/get needs a `name`, and arguments as strings.',
  );
  const prompt = await prompts.get(name, args, context);
  if (!prompt) throw new RequestFailure(codes.invalidParams, 'There is no such prompt.', { name: name.slice(0, 128) });
  return { ...prompt };
};

function referenceOf(ref: z.output<typeof completionParams>['ref']): CompletionReference {
  return ref.type === 'ref/prompt' ? { type: 'prompt', name: ref.name } : { type: 'resource', uriTemplate: ref.uri };
}

const complete: RequestHandler = async ({ completions }, params, context) => {
  if (!completions) return missing();
  const given = parse(completionParams, params, 'completion/complete needs `ref` and `argument` {name, value}.');
  const { name, value } = given.argument;
  const resolved = given.context?.arguments ?? {};
  const all = await completions.complete(
    { reference: referenceOf(given.ref), argument: name, value, resolved },
    context,
  );
  const values = all.slice(0, maxCompletions);
  return { completion: { values, total: all.length, hasMore: values.length < all.length } };
};

/** Of both eras. What an SDK answers itself (initialize, ping, server/discover, subscriptions) is not here. */
const handlers: ReadonlyMap<string, RequestHandler> = new Map<string, RequestHandler>([
  [
    'tools/list',
    ({ tools }, params, { caller }) => {
      checkList(params);
      return { tools: tools.list(caller) };
    },
  ],
  [
    'tools/call',
    async ({ tools }, params, context) => {
      const { name, arguments: args = {} } = parse(
        callParams,
        params,
        'tools/call needs the `name` of a tool, a string.',
      );
      return { ...(await tools.call(name, args, context)) };
    },
  ],
  [
    'resources/list',
    async ({ resources }, params, { caller }) => {
      checkList(params);
      return resources ? { resources: await resources.list(caller) } : missing();
    },
  ],
  [
    'resources/templates/list',
    ({ resources }, params, { caller }) => {
      checkList(params);
      return resources ? { resourceTemplates: resources.templates(caller) } : missing();
    },
  ],
  ['resources/read', readResource],
  [
    'prompts/list',
    ({ prompts }, params, { caller }) => {
      checkList(params);
      return prompts ? { prompts: prompts.list(caller) } : missing();
    },
  ],
  ['prompts/get', getPrompt],
  ['completion/complete', complete],
]);

/** False for what `handleRequest` answers with "Method not found" whatever the surface. */
export function isKnownMethod(method: string): boolean {
  return handlers.has(method);
}

/** A failure as a client gets it: our own words, or none. */
function asFailure(thrown: unknown): RequestFailure {
  if (thrown instanceof RequestFailure) return thrown;
  const { category, message, remedy, cause } = toServiceError(thrown);
  const code = category === 'validation' ? codes.invalidParams : codes.internal;
  const failure = new RequestFailure(code, message, { category, remedy });
  failure.cause = thrown instanceof ServiceError ? cause : thrown;
  return failure;
}

/**
 * Answers one request of a client.
 * @throws RequestFailure
 */
export async function handleRequest(
  surface: McpSurface,
  request: { readonly method: string; readonly params?: unknown },
  context: RequestContext,
): Promise<Result> {
  const handler = handlers.get(request.method) ?? missing;
  try {
    return await handler(surface, request.params, context);
  } catch (thrown) {
    throw asFailure(thrown);
  }
}

/** What the server can do, as both eras announce it. */
export function capabilitiesOf({ resources, prompts, completions }: McpSurface) {
  return {
    tools: {},
    ...(resources && { resources: {} }),
    ...(prompts && { prompts: {} }),
    ...(completions && { completions: {} }),
  };
}
