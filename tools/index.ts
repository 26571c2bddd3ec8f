import type { Tool } from '../src/server/define-tool.js';
import { bedrockCache } from './bedrock-cache.js';
import { bedrockCostReport } from './bedrock-cost-report.js';
import { bedrockEmbed } from './bedrock-embed.js';
import { bedrockEstimate } from './bedrock-estimate.js';
import { bedrockFeedback } from './bedrock-feedback.js';
import { bedrockHealth } from './bedrock-health.js';
import { bedrockInvoke } from './bedrock-invoke.js';
import { bedrockModels } from './bedrock-models.js';
import { bedrockRerank } from './bedrock-rerank.js';
import { bedrockRoute } from './bedrock-route.js';

/** Every tool, in the order in which clients list them. */
export const tools: readonly Tool[] = [
  bedrockInvoke,
  bedrockRoute,
  bedrockEstimate,
  bedrockModels,
  bedrockCostReport,
  bedrockHealth,
  bedrockFeedback,
  bedrockEmbed,
  bedrockRerank,
  bedrockCache,
];
