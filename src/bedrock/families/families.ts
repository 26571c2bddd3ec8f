import type { Model } from '../../core/model.js';
import { claudeMessages } from './claude-messages.js';
import { claudeText } from './claude-text.js';
import { cohereCommand } from './cohere-command.js';
import { commandR } from './command-r.js';
import { deepseekR1 } from './deepseek-r1.js';
import { jamba } from './jamba.js';
import { jurassic } from './jurassic.js';
import { llama } from './llama.js';
import { mistralText } from './mistral-text.js';
import type { ModelFamily } from './model-family.js';
import { nova } from './nova.js';
import { openaiChat } from './openai-chat.js';
import { titanText } from './titan-text.js';
import { writer } from './writer.js';

export const families: readonly ModelFamily[] = [
  claudeMessages,
  claudeText,
  cohereCommand,
  commandR,
  deepseekR1,
  jamba,
  jurassic,
  llama,
  mistralText,
  nova,
  openaiChat,
  titanText,
  writer,
];

/** Who knows the native body of a model; undefined when nobody does. */
export function familyOf(model: Pick<Model, 'nativeFormat'>): ModelFamily | undefined {
  return families.find((family) => family.serves(model));
}
