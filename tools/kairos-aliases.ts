import type { Tool } from '../src/server/define-tool.js';
import { bedrockBatch } from './bedrock-batch.js';
import { bedrockHealth } from './bedrock-health.js';
import { bedrockInvoke } from './bedrock-invoke.js';
import { bedrockModels } from './bedrock-models.js';

function alias(name: string, tool: Tool): Tool {
  const description = `Older name of ${tool.name}. ${tool.description}`;
  return { ...tool, name, title: `${tool.title} (older name)`, description, toolset: 'kairos' };
}

/** The names that older Kairos servers call, with the arguments and results of today's tools. */
export const kairosAliases: readonly Tool[] = [
  alias('bedrock_generate_text', bedrockInvoke),
  alias('bedrock_smart_generate', bedrockInvoke),
  alias('bedrock_batch_generate', bedrockBatch),
  alias('bedrock_list_models', bedrockModels),
  alias('bedrock_health_check', bedrockHealth),
];
