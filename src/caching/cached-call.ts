import type { CallContext } from '../core/pipeline.js';
import type { ModelRequest } from '../core/request.js';
import type { CachePlan } from './cache-policy.js';

/** One call that the cache takes part in. */
export interface CachedCall {
  readonly request: ModelRequest;
  readonly context: CallContext;
  readonly plan: CachePlan;
  readonly key: string;
}
