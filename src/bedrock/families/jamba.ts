import type { ModelFamily } from './model-family.js';
import { openaiChat } from './openai-chat.js';

/** Jamba: the chat shape, without images and schemas, and a stream is not asked for in the body. */
export const jamba: ModelFamily = {
  ...openaiChat,
  id: 'jamba',
  takes: new Set(['tools']),
  serves: ({ nativeFormat }) => nativeFormat === 'openai-chat(jamba)',
  encode: (request) => openaiChat.encode({ ...request, streaming: false }),
};
