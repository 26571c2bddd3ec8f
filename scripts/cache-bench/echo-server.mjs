import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import { z } from 'zod';

/* The least that a tool can do on the same SDK. */

const server = new McpServer({ name: 'echo', version: '1.0.0' });
server.registerTool('echo', { description: 'Says it again.', inputSchema: { prompt: z.string() } }, ({ prompt }) => ({
  content: [{ type: 'text', text: prompt }],
}));
await server.connect(new StdioServerTransport());
