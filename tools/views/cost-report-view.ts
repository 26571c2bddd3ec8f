import { readFile } from 'node:fs/promises';
import type { Resource } from '../../src/server/define-resource.js';

/** Where hosts that show MCP Apps (extension io.modelcontextprotocol/ui, 2026-01-26) find the view of the report. */
export const costReportViewUri = 'ui://kairos-bedrock/cost-report';

/** A page that draws the structured result of bedrock_cost_report; it loads nothing and asks only its host. */
export const costReportView: Resource = {
  uri: costReportViewUri,
  name: 'cost-report-view',
  title: 'View of the cost report',
  description: 'Draws the cost report in clients that show MCP Apps.',
  mimeType: 'text/html;profile=mcp-app',
  read: () => readFile(new URL('./cost-report.html', import.meta.url), 'utf8'),
};
