import type { Tool } from '../src/server/define-tool.js';
import { bedrockBatch } from './bedrock-batch.js';
import { bedrockCache } from './bedrock-cache.js';
import { bedrockCostReport } from './bedrock-cost-report.js';
import { bedrockDiagnose } from './bedrock-diagnose.js';
import { bedrockEmbed } from './bedrock-embed.js';
import { bedrockEstimate } from './bedrock-estimate.js';
import { bedrockFeedback } from './bedrock-feedback.js';
import { bedrockHealth } from './bedrock-health.js';
import { bedrockInvoke } from './bedrock-invoke.js';
import { bedrockJob } from './bedrock-job.js';
import { bedrockModels } from './bedrock-models.js';
import { bedrockRerank } from './bedrock-rerank.js';
import { bedrockRoute } from './bedrock-route.js';
import { bedrockSession } from './bedrock-session.js';
import { kairosAliases } from './kairos-aliases.js';

/** Every tool, in the order in which clients list them. */
export const tools: readonly Tool[] = [
  bedrockInvoke,
  bedrockRoute,
  bedrockBatch,
  bedrockJob,
  bedrockEstimate,
  bedrockModels,
  bedrockCostReport,
  bedrockHealth,
  bedrockSession,
  bedrockFeedback,
  bedrockEmbed,
  bedrockRerank,
  bedrockDiagnose,
  bedrockCache,
  ...kairosAliases,
];
