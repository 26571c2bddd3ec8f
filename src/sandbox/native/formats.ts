import type { Model } from '../../core/model.js';
import type { WireFormat } from '../wire-format.js';
import { claudeFormat } from './claude.js';
import { claudeTextFormat } from './claude-text.js';
import { cohereCommandFormat } from './cohere-command.js';
import { cohereEmbedFormat } from './cohere-embed.js';
import { commandRFormat } from './command-r.js';
import { deepseekFormat, writerFormat } from './completions.js';
import { jurassicFormat } from './jurassic.js';
import { llamaFormat } from './llama.js';
import { mistralFormat } from './mistral.js';
import { novaFormat } from './nova.js';
import { novaEmbedFormat } from './nova-embed.js';
import { openaiChatFormat } from './openai-chat.js';
import { amazonRerankFormat, cohereRerankFormat } from './rerank.js';
import { titanFormat } from './titan.js';
import { titanEmbedFormat } from './titan-embed.js';

const formats: Readonly<Record<string, WireFormat>> = {
  'anthropic-messages': claudeFormat,
  'claude-text': claudeTextFormat,
  'cohere-chat': commandRFormat,
  'cohere-generate': cohereCommandFormat,
  'completions(deepseek)': deepseekFormat,
  'completions(writer)': writerFormat,
  jurassic2: jurassicFormat,
  llama: llamaFormat,
  'mistral-text': mistralFormat,
  nova: novaFormat,
  'openai-chat': openaiChatFormat,
  'openai-chat(jamba)': openaiChatFormat,
  titan: titanFormat,
};

/** Made anew for each call, because their answers are made of the request. */
const retrievalFormats: Readonly<Record<string, () => WireFormat>> = {
  'titan-embed': titanEmbedFormat,
  'cohere-embed': cohereEmbedFormat,
  'nova-embed': novaEmbedFormat,
};
const rerankFormat = ({ provider }: Model) => (provider === 'cohere' ? cohereRerankFormat : amazonRerankFormat)();

/** The native format of a model, by the name that the catalogue gives it; undefined when the sandbox has none. */
export function nativeFormat(model: Model): WireFormat | undefined {
  if (model.kind === 'rerank') return rerankFormat(model);
  const name = model.nativeFormat ?? '';
  return retrievalFormats[name]?.() ?? formats[name];
}
