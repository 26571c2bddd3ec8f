import { tagsWithGroups } from '../../core/budget.js';
import type { Clock } from '../../core/clock.js';
import type { Stage } from '../../core/pipeline.js';
import type { BudgetOutlook } from '../../core/ports.js';
import type { ModelRequest } from '../../core/request.js';

export interface EconomyStageOptions {
  readonly outlook: Pick<BudgetOutlook, 'strain'>;
  readonly clock: Clock;
}

/**
 * Prefers cheaper models while a budget is strained, and says so. A model that the caller named stays: whoever names one
 * is refused rather than served by another.
 */
export function createEconomyStage({ outlook, clock }: EconomyStageOptions): Stage<ModelRequest> {
  return (next) => async (request, context) => {
    const { caller, sessionId: session } = context;
    const isOurChoice = request.model === undefined || request.model === 'auto';
    const subject = {
      caller: caller.id,
      tags: tagsWithGroups(request.tags, caller.groups),
      ...(session !== undefined && { session }),
      ...(caller.budget && { own: caller.budget }),
    };
    const strain = isOurChoice && request.optimize !== 'cost' ? outlook.strain(subject) : undefined;
    if (!strain) return next(request, context);
    context.record({ type: 'economy-chosen', budget: strain.budget, share: strain.share });
    // A weight or a strategy would outdo the goal.
    const { quality_weight: _, strategy: __, ...rest } = request;
    const response = await next({ ...rest, optimize: 'cost' }, context);
    const hours = Math.ceil((strain.resetsAtMs - clock.nowMs()) / 360_000) / 10;
    const notice = `Budget ${strain.budget} is ${Math.floor(strain.share * 100)} % spent: cheaper models are preferred for the next ${hours} h.`;
    return { ...response, notices: [...response.notices, notice] };
  };
}
