import { type Handler, pipeline, type Stage } from './core/pipeline.js';
import type { ModelRequest, RoutedRequest } from './core/request.js';

export interface Stages {
  /** Tells what happens, whatever happens. */
  readonly observe: Stage<ModelRequest>;
  /** Reads the files that a request names. */
  readonly files: Stage<ModelRequest>;
  /** Puts what was said before in front of a request that continues a session, and adds what is said. */
  readonly session: Stage<ModelRequest>;
  /** Refuses what is too large, ill-formed or too much at once. */
  readonly guard: Stage<ModelRequest>;
  /** Answers what was asked before; joins equal calls in flight. */
  readonly cache: Stage<ModelRequest>;
  /** Decides where to go, and goes elsewhere when that fails. */
  readonly route: Stage<ModelRequest, RoutedRequest>;
  /** Copies calls to another model; absent when no model gets copies. */
  readonly shadow?: Stage<RoutedRequest>;
  /** Holds answers against `response_schema`; a repair is reserved and booked like any attempt. */
  readonly structured: Stage<RoutedRequest>;
  /** Reserves the worst case, settles the truth. */
  readonly budget: Stage<RoutedRequest>;
  /** Retries one target behind its breaker. */
  readonly resilience: Stage<RoutedRequest>;
  /** Asks Bedrock. */
  readonly client: Handler<RoutedRequest>;
}

/** The life of a request, outermost stage first. */
export function createRequestProcessor(stages: Stages): Handler<ModelRequest> {
  return pipeline<ModelRequest>()
    .through(stages.observe)
    .through(stages.files)
    .through(stages.session)
    .through(stages.guard)
    .through(stages.cache)
    .through(stages.route)
    .through(stages.shadow ?? ((next) => next))
    .through(stages.structured)
    .through(stages.budget)
    .through(stages.resilience)
    .to(stages.client);
}
