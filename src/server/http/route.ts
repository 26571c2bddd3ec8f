import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Clock, Random } from '../../core/clock.js';
import type { McpConnector } from '../protocol-2025/mcp-connection.js';
import type { ModernHttpEndpoint } from '../protocol-2026/http-endpoint.js';
import type { Access } from './access.js';

export type RouteHandler = (request: IncomingMessage, response: ServerResponse, url: URL) => Promise<void>;

/** Path → method → handler. */
export type Routes = Readonly<Record<string, Readonly<Record<string, RouteHandler>>>>;

/** Whether the server is on its way out: it then finishes calls and takes no new ones. */
export interface Lifecycle {
  draining: boolean;
}

/** What the MCP routes share. */
export interface McpRouteOptions {
  readonly connector: McpConnector;
  /** The endpoint of the later era, loaded for its first request. */
  readonly modern: () => Promise<ModernHttpEndpoint>;
  readonly access: Pick<Access, 'callerOf' | 'admitCalls'>;
  readonly lifecycle: Lifecycle;
  readonly maxBodyBytes: number;
  readonly clock: Clock;
  readonly random: Random;
}
