/*
 * Short names people use, each with the models it may stand for, the preferred one first: the first that can be called
 * under the configured regions is taken. Retired models stay listed, so that their old names lead to their successors.
 */
const aliases: Readonly<Record<string, readonly string[]>> = {
  claude: ['anthropic.claude-sonnet-5-5', 'anthropic.claude-sonnet-5', 'anthropic.claude-sonnet-4-6'],
  'claude-sonnet': ['anthropic.claude-sonnet-5-5', 'anthropic.claude-sonnet-5', 'anthropic.claude-sonnet-4-6'],
  'claude-opus': ['anthropic.claude-opus-5-5', 'anthropic.claude-opus-5', 'anthropic.claude-opus-4-8'],
  'claude-haiku': ['anthropic.claude-haiku-5-5', 'anthropic.claude-haiku-4-5-20251001-v1:0'],
  'claude-fable': ['anthropic.claude-fable-5-2', 'anthropic.claude-fable-5-1', 'anthropic.claude-fable-5'],
  'claude-3.5-sonnet': ['anthropic.claude-3-5-sonnet-20241022-v2:0'],
  'claude-3.5-sonnet-v2': ['anthropic.claude-3-5-sonnet-20241022-v2:0'],
  'claude-3.5-haiku': ['anthropic.claude-3-5-haiku-20241022-v1:0'],
  'claude-3.7-sonnet': ['anthropic.claude-3-7-sonnet-20250219-v1:0'],
  'claude-3-haiku': ['anthropic.claude-3-haiku-20240307-v1:0'],
  'claude-3-sonnet': ['anthropic.claude-3-sonnet-20240229-v1:0'],
  'claude-3-opus': ['anthropic.claude-3-opus-20240229-v1:0'],
  nova: ['amazon.nova-2-lite-v1:0', 'amazon.nova-lite-v1:0'],
  'nova-2': ['amazon.nova-2-lite-v1:0'],
  'nova-lite': ['amazon.nova-lite-v1:0'],
  'nova-micro': ['amazon.nova-micro-v1:0'],
  'nova-pro': ['amazon.nova-pro-v1:0'],
  'nova-premier': ['amazon.nova-premier-v1:0'],
  titan: ['amazon.titan-text-express-v1'],
  'titan-text': ['amazon.titan-text-express-v1'],
  'titan-express': ['amazon.titan-text-express-v1'],
  'titan-text-express': ['amazon.titan-text-express-v1'],
  'titan-text-express-v1': ['amazon.titan-text-express-v1'],
  'titan-text-lite': ['amazon.titan-text-lite-v1'],
  'titan-text-premier': ['amazon.titan-text-premier-v1:0'],
  jurassic: ['ai21.j2-ultra-v1'],
  'jurassic-2': ['ai21.j2-ultra-v1'],
  'jurassic-2-ultra': ['ai21.j2-ultra-v1'],
  'jurassic-2-mid': ['ai21.j2-mid-v1'],
  'j2-ultra': ['ai21.j2-ultra-v1'],
  'j2-mid': ['ai21.j2-mid-v1'],
  jamba: ['ai21.jamba-1-5-large-v1:0'],
  gpt: ['openai.gpt-6.1-sol', 'openai.gpt-6-sol', 'openai.gpt-oss-120b-1:0'],
  'gpt-oss': ['openai.gpt-oss-120b-1:0'],
  llama: ['meta.llama4-maverick-17b-instruct-v1:0', 'meta.llama3-3-70b-instruct-v1:0'],
  'llama-3': ['meta.llama3-3-70b-instruct-v1:0'],
  'llama-4': ['meta.llama4-maverick-17b-instruct-v1:0'],
  mistral: ['mistral.mistral-large-3-675b-instruct'],
  'mistral-large': ['mistral.mistral-large-3-675b-instruct'],
  ministral: ['mistral.ministral-3-8b-instruct'],
  devstral: ['mistral.devstral-2-123b'],
  pixtral: ['mistral.pixtral-large-2502-v1:0'],
  command: ['cohere.command-text-v14'],
  'command-r-plus': ['cohere.command-r-plus-v1:0'],
  deepseek: ['deepseek.v3.2', 'deepseek.v3-v1:0'],
  'deepseek-r1': ['deepseek.r1-v1:0'],
  qwen: ['qwen.qwen3-235b-a22b-2507-v1:0', 'qwen.qwen3-32b-v1:0'],
  'qwen-coder': ['qwen.qwen3-coder-480b-a35b-v1:0', 'qwen.qwen3-coder-30b-a3b-v1:0'],
  kimi: ['moonshotai.kimi-k3.1', 'moonshotai.kimi-k2.5'],
  glm: ['zai.glm-5.3', 'zai.glm-5'],
  grok: ['xai.grok-4.7', 'xai.grok-4.6'],
  minimax: ['minimax.minimax-m2.5'],
  nemotron: ['nvidia.nemotron-super-3-120b'],
  palmyra: ['writer.palmyra-x5-v1:0', 'writer.palmyra-x4-v1:0'],
};

export const aliasEntries: readonly (readonly [alias: string, models: readonly string[]])[] = Object.entries(aliases);

/** Names are equal when their letters and digits are: "Claude 3.5 Sonnet" and "claude-3-5-sonnet". */
export function nameKey(name: string): string {
  return name.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, '');
}
