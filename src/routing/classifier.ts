import type { ModelRequest } from '../core/request.js';
import type { Classification } from '../core/routing.js';

/** Tells what a request is about and how hard it is; pure, bounded in time, never throws. */
export interface Classifier {
  classify(request: ModelRequest): Classification;
}
