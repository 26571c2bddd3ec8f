import type { Transport } from '@modelcontextprotocol/server';
import { serveStdio } from '@modelcontextprotocol/server/stdio';
import type { Caller } from '../../core/pipeline.js';
import type { Logger } from '../../core/ports.js';
import { RequestFailure } from '../requests.js';
import { createRunningRequests } from '../running-requests.js';
import type { McpSurface } from '../surface.js';
import { createModernServer } from './mcp-server.js';

const maxRequestsInFlight = 256;
const invalidRequest = -32_600;

export interface ModernStdioOptions {
  readonly surface: McpSurface;
  readonly caller: Caller;
  readonly logger: Logger;
  readonly transport: Transport;
}

/** One client of the later era over a pair of streams. */
export interface ModernStdioConnection {
  /** Resolves as soon as no request runs. */
  idle(): Promise<void>;
  close(): Promise<void>;
}

export function connectModernStdio({ surface, caller, logger, transport }: ModernStdioOptions): ModernStdioConnection {
  const requests = createRunningRequests();
  const server = serveStdio(
    () =>
      createModernServer({
        surface,
        caller,
        run: (id, closed, work) => {
          if (requests.has(id)) {
            throw new RequestFailure(invalidRequest, 'A request with this id is still running.');
          }
          if (requests.size() >= maxRequestsInFlight) {
            throw new RequestFailure(invalidRequest, `There are ${maxRequestsInFlight} requests running already.`);
          }
          return requests.run(id, closed, work);
        },
      }),
    {
      legacy: 'reject',
      transport,
      onerror: (error) => logger.debug('The MCP connection reported a problem.', { error }),
    },
  );
  return { idle: requests.idle, close: server.close };
}
