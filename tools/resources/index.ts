import type { BedrockIntegrationService } from '../../src/core/integration-service.js';
import type { Resource } from '../../src/server/define-resource.js';
import type { Tool, ToolContext } from '../../src/server/define-tool.js';
import { bedrockCostReport } from '../bedrock-cost-report.js';
import { bedrockDiagnose } from '../bedrock-diagnose.js';
import { bedrockHealth } from '../bedrock-health.js';
import { bedrockModels } from '../bedrock-models.js';
import { bedrockSession } from '../bedrock-session.js';
import { modelNames } from '../results/model-names.js';
import { costReportView } from '../views/cost-report-view.js';

const json = 'application/json';

/** The structured result of a tool that only reads, as a document. */
function resultOf(tool: Tool, args: (value: string) => Record<string, unknown>): Resource['read'] {
  return async (value: string, service: BedrockIntegrationService, context: ToolContext) => {
    const { structured } = await tool.handle(tool.input.parse(args(value)), service, context);
    return JSON.stringify(structured, null, 2);
  };
}

/** Every resource, in the order in which clients list them. */
export const resources: readonly Resource[] = [
  {
    uri: 'bedrock://models',
    name: 'models',
    title: 'Models',
    description: 'The chat models that can be called here, with price, limits and measured performance.',
    mimeType: json,
    read: resultOf(bedrockModels, () => ({})),
  },
  {
    uri: 'bedrock://costs/today',
    name: 'costs-today',
    title: "Today's spend",
    description: 'Cost, tokens and budgets of this day (UTC), by model and by hour.',
    mimeType: json,
    read: resultOf(bedrockCostReport, () => ({ period: 'today' })),
  },
  {
    uri: 'bedrock://health',
    name: 'health',
    title: 'Health',
    description: 'Checks, breakers and measured performance, with what to do where something is wrong.',
    mimeType: json,
    read: resultOf(bedrockHealth, () => ({})),
  },
  {
    uri: 'bedrock://models/{id}',
    name: 'model',
    title: 'One model',
    description: 'Price, limits, lifecycle and measured performance of one model, by id or alias.',
    mimeType: json,
    // Ids such as amazon.nova-lite-v1:0, and nothing that could be a path.
    pattern: /^\w+(?:[.:-]\w+)*$/,
    read: resultOf(bedrockModels, (model) => ({ model })),
    values: modelNames,
  },
  {
    uri: 'bedrock://sessions/{id}',
    name: 'session',
    title: 'Session',
    description: 'A kept conversation: what its callers and models wrote, as data.',
    mimeType: json,
    read: resultOf(bedrockSession, (session_id) => ({ action: 'get', session_id, last: 1_000 })),
    values: async ({ sessions }, caller) => (await sessions.list(caller)).map(({ id }) => id),
  },
  {
    uri: 'bedrock://traces/{request_id}',
    name: 'trace',
    title: 'Trace of a call',
    description: 'Phases, attempts and steps of a recent call, with its bottleneck.',
    mimeType: json,
    read: resultOf(bedrockDiagnose, (request_id) => ({ request_id })),
    values: async ({ diagnostics }, caller) => diagnostics.recent(caller, 100).map(({ requestId }) => requestId),
  },
  {
    uri: 'bedrock://answers/{request_id}',
    name: 'answer',
    title: 'Whole answer',
    description: 'The whole text of an answer that was cut to max_output_chars, as data; kept for an hour.',
    mimeType: 'text/plain',
    scope: 'invoke',
    read: async (requestId, { answers }, { caller }) => answers.find(requestId, caller),
  },
  costReportView,
];
