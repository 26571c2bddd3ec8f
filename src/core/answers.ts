import type { Caller } from './pipeline.js';

/** Where the whole of an answer can be read that was too long for its caller. */
export interface AnswerLink {
  readonly uri: string;
  readonly name: string;
  readonly mimeType: string;
}

/** Long answers, for a while. */
export interface Answers {
  keep(requestId: string, caller: Caller, text: string): AnswerLink;
  /** Undefined when this caller has no such answer, or no longer. */
  find(requestId: string, caller: Caller): string | undefined;
}
