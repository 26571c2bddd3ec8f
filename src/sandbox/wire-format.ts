import type { Answer } from './answer.js';
import type { Refusal } from './aws-error.js';
import type { Served } from './catalogue-rules.js';
import type { ConverseBody } from './converse-body.js';

export interface WireEvent {
  readonly type: string;
  readonly payload: unknown;
}

/** Milliseconds since the request was read. */
export interface Timing {
  readonly latencyMs: number;
  readonly firstByteMs: number;
}

/** How a request and its answer look on the wire: Converse, or the native body of a model family. */
export interface WireFormat {
  /** The request as a Converse body, which is what rules and answers work on. */
  decode(json: unknown): ConverseBody | Refusal;
  encode(answer: Answer, served: Served, timing: Timing): unknown;
  /** The events of a stream. `timing` is asked when the event that carries it is due. Missing: the model cannot stream. */
  stream?(answer: Answer, served: Served, timing: () => Timing): Iterable<WireEvent>;
}
