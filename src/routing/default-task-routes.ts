import type { Task } from '../core/request.js';
import type { ComplexityLevel } from '../core/routing.js';

/** Models preferred for each task, the best first, as opinion of 2026-11; each row crosses providers where it can. */
export const defaultTaskRoutes: Readonly<Record<Task, readonly string[]>> = {
  code: ['anthropic.claude-sonnet-5-5', 'anthropic.claude-sonnet-4-6', 'qwen.qwen3-coder-480b-a35b-v1:0'],
  general: ['amazon.nova-2-lite-v1:0', 'amazon.nova-lite-v1:0', 'amazon.nova-micro-v1:0'],
  reasoning: ['anthropic.claude-opus-5-5', 'anthropic.claude-opus-4-8', 'openai.gpt-oss-120b-1:0', 'deepseek.v3.2'],
};

/** By tier: does every task well. Taken when it is not clear what a request is about and the operator names no default. */
export const allRounders: Readonly<Record<ComplexityLevel, string>> = {
  simple: 'amazon.nova-2-lite-v1:0',
  medium: 'anthropic.claude-sonnet-5-5',
  complex: 'anthropic.claude-opus-5-5',
};

/** Raise it when the rules by which models are chosen change: older cached answers are then not given any more. */
export const routingPolicyVersion = '2';
