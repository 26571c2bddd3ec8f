import { completionsFamily } from './completions.js';

/** Palmyra. */
export const writer = completionsFamily('writer', 'completions(writer)', {
  start: '',
  system: ['', '\n\n'],
  user: ['User: ', '\n'],
  assistant: ['Assistant: ', '\n'],
  open: 'Assistant:',
  markers: [/^(User|Assistant):/gm],
});
