import type { Task } from '../core/request.js';

/** Models preferred for each task, the best first, as opinion of 2026-11; each row crosses providers where it can. */
export const defaultTaskRoutes: Readonly<Record<Task, readonly string[]>> = {
  code: ['anthropic.claude-sonnet-5-5', 'anthropic.claude-sonnet-4-6', 'qwen.qwen3-coder-480b-a35b-v1:0'],
  general: ['amazon.nova-2-lite-v1:0', 'amazon.nova-lite-v1:0', 'amazon.nova-micro-v1:0'],
  reasoning: ['anthropic.claude-opus-5-5', 'anthropic.claude-opus-4-8', 'openai.gpt-oss-120b-1:0', 'deepseek.v3.2'],
};

/** Does every task well: taken when it is not clear what a request is about and the operator names no default. */
export const allRounder = 'anthropic.claude-sonnet-5-5';
