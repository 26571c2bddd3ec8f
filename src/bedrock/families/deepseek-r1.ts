import { completionsFamily } from './completions.js';
import type { ModelFamily } from './model-family.js';
import { tagDecoder, withoutThinkingTags } from './thinking-tags.js';

/** The prompt ends inside the thinking, without which the model now and then leaves it out. */
const tags = { open: '<think>', close: '</think>', startsInside: true };

const completions = completionsFamily('deepseek-r1', 'completions(deepseek)', {
  start: '<｜begin▁of▁sentence｜>',
  system: ['', ''],
  user: ['<｜User｜>', ''],
  assistant: ['<｜Assistant｜>', '<｜end▁of▁sentence｜>'],
  open: '<｜Assistant｜><think>\n',
  markers: [/<｜[^｜>]{1,40}｜>/g, /<\/?think>/g],
});

export const deepseekR1: ModelFamily = {
  ...completions,
  decode: (answer) => withoutThinkingTags(completions.decode(answer), tags),
  streamDecoder: () => tagDecoder(tags, completions.streamDecoder?.() ?? (() => [])),
};
