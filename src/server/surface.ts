import type { Clock } from '../core/clock.js';
import type { Caller, Scope } from '../core/pipeline.js';
import type { ToolResult } from './answers.js';
import { serverInstructions } from './instructions.js';
import { createProgressReporter } from './progress.js';
import type { ToolListing } from './tool-listing.js';
import type { ToolRegistry } from './tool-registry.js';

/** Revisions up to 2025-11-25, which begin with `initialize`; and from 2026-07-28 on, where each request stands alone. */
export type ProtocolEra = '2025' | '2026';

/** One request of a client, whatever SDK and transport it came by. */
export interface RequestContext {
  readonly caller: Caller;
  /** Aborted when the client cancels the request or is gone. */
  readonly signal: AbortSignal;
  readonly era: ProtocolEra;
  /** Hands one progress notification to the client; absent when it did not ask for any. */
  readonly sendProgress?: (progress: number, message: string) => Promise<void>;
}

export interface ToolSurface {
  /** The same array for callers of the same scopes, made once. */
  list(caller: Caller): readonly ToolListing[];
  /** The scope that the caller would need for the tool; undefined when it may call it, or nobody can. */
  missingScope(name: string, caller: Caller): Scope | undefined;
  /** Never throws: a failure is a result with `isError`. */
  call(name: string, args: unknown, context: RequestContext): Promise<ToolResult>;
}

export interface ResourceListing {
  readonly uri: string;
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly mimeType: string;
  readonly _meta?: Readonly<Record<string, unknown>>;
}

export interface ResourceTemplateListing extends Omit<ResourceListing, 'uri'> {
  readonly uriTemplate: string;
}

export interface ResourceContent {
  readonly uri: string;
  readonly mimeType: string;
  readonly text: string;
  readonly _meta?: Readonly<Record<string, unknown>>;
}

/** What throws here throws ServiceError, which the client gets as a JSON-RPC error with category and remedy. */
export interface ResourceSurface {
  list(caller: Caller): Promise<readonly ResourceListing[]>;
  templates(caller: Caller): readonly ResourceTemplateListing[];
  /** Undefined when this caller has no such resource: what belongs to others does not exist for it. */
  read(uri: string, context: RequestContext): Promise<readonly ResourceContent[] | undefined>;
}

export interface PromptListing {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly arguments: readonly { readonly name: string; readonly description: string; readonly required: boolean }[];
}

export interface PromptResult {
  readonly description: string;
  readonly messages: readonly {
    readonly role: 'user' | 'assistant';
    readonly content: { readonly type: 'text'; readonly text: string };
  }[];
}

/** Throws like ResourceSurface. */
export interface PromptSurface {
  list(caller: Caller): readonly PromptListing[];
  /** Undefined when there is no such prompt. */
  get(name: string, args: Readonly<Record<string, string>>, context: RequestContext): Promise<PromptResult | undefined>;
}

export type CompletionReference =
  | { readonly type: 'prompt'; readonly name: string }
  | { readonly type: 'resource'; readonly uriTemplate: string };

export interface CompletionRequest {
  readonly reference: CompletionReference;
  readonly argument: string;
  /** What was typed so far. */
  readonly value: string;
  /** Arguments that were filled in before. */
  readonly resolved: Readonly<Record<string, string>>;
}

export interface CompletionSurface {
  /** All that fit, best first; the adapters cut the list to what the protocol takes. */
  complete(request: CompletionRequest, context: RequestContext): Promise<readonly string[]>;
}

/** All that a client can see and do. The adapters of the two SDKs read nothing else. */
export interface McpSurface {
  readonly name: string;
  readonly version: string;
  instructions(caller: Caller): string;
  readonly tools: ToolSurface;
  readonly resources?: ResourceSurface;
  readonly prompts?: PromptSurface;
  readonly completions?: CompletionSurface;
}

export interface SurfaceOptions extends Omit<McpSurface, 'tools' | 'instructions'> {
  readonly registry: ToolRegistry;
  readonly clock: Clock;
}

export function createSurface({ registry, clock, ...rest }: SurfaceOptions): McpSurface {
  return {
    ...rest,
    instructions: (caller) => serverInstructions(registry.offered(caller)),
    tools: {
      list: registry.list,
      missingScope: registry.missingScope,
      call: (name, args, context) => callTool(registry, clock, name, args, context),
    },
  };
}

async function callTool(
  registry: ToolRegistry,
  clock: Clock,
  name: string,
  args: unknown,
  { caller, signal, sendProgress }: RequestContext,
): Promise<ToolResult> {
  if (!sendProgress) return registry.call(name, args, { caller, signal });
  const progress = createProgressReporter({ clock, send: sendProgress });
  try {
    return await registry.call(name, args, { caller, signal, onEvent: progress.onEvent });
  } finally {
    progress.stop();
  }
}
