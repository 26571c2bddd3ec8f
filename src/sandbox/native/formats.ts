import type { Model } from '../../core/model.js';
import type { WireFormat } from '../wire-format.js';
import { claudeFormat } from './claude.js';
import { claudeTextFormat } from './claude-text.js';
import { cohereCommandFormat } from './cohere-command.js';
import { commandRFormat } from './command-r.js';
import { deepseekFormat, writerFormat } from './completions.js';
import { jurassicFormat } from './jurassic.js';
import { llamaFormat } from './llama.js';
import { mistralFormat } from './mistral.js';
import { novaFormat } from './nova.js';
import { openaiChatFormat } from './openai-chat.js';
import { titanFormat } from './titan.js';

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

/** The native format of a model, by the name that the catalogue gives it; undefined when the sandbox has none. */
export function nativeFormat(model: Model): WireFormat | undefined {
  return formats[model.nativeFormat ?? ''];
}
