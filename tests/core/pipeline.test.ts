import { describe, expect, it } from '@jest/globals';
import { attemptBudget, pipeline, type Stage } from '../../src/core/pipeline.js';
import { type ModelRequest, modelRequest, type RoutedRequest } from '../../src/core/request.js';
import { type ModelResponse, noUsage } from '../../src/core/response.js';
import { modelId, region } from '../../src/core/target.js';
import { callContext } from '../support/call-context.js';

const target = { model: modelId('m'), region: region('us-east-1') };
const response: ModelResponse = {
  content: [],
  stopReason: 'end_turn',
  usage: noUsage,
  served: target,
  source: 'bedrock',
  notices: [],
};

const named =
  <Request>(name: string): Stage<Request> =>
  (next) =>
  async (request, context) => {
    const answer = await next(request, context);
    return { ...answer, notices: [...answer.notices, name] };
  };
const guard = named<ModelRequest>('guard');
const budget = named<RoutedRequest>('budget');
const route: Stage<ModelRequest, RoutedRequest> = (next) => (request, context) =>
  next({ ...request, target, max_tokens: 10 }, context);

describe('pipeline', () => {
  it('runs the stages from the outermost in', async () => {
    const handle = pipeline<ModelRequest>()
      .through(guard)
      .through(route)
      .through(budget)
      .to(async () => response);
    const answer = await handle(modelRequest.parse({ prompt: 'x' }), callContext());
    expect(answer.notices).toEqual(['budget', 'guard']);
  });

  it('does not compile in a wrong order', () => {
    const client = async (_: RoutedRequest) => response;
    // @ts-expect-error only a routed request can be sent
    pipeline<ModelRequest>().through(guard).to(client);
    // @ts-expect-error only a routed request can be priced
    pipeline<ModelRequest>().through(budget);
    // @ts-expect-error a stage that forgets the target cannot stand between route and client
    pipeline<ModelRequest>().through(route).through(guard).to(client);
    expect(pipeline<ModelRequest>().through(guard).through(route).to(client)).toBeInstanceOf(Function);
  });
});

describe('attempt budget', () => {
  it('numbers the attempts and ends', () => {
    const attempts = attemptBudget(2);
    expect([attempts.take(), attempts.take(), attempts.take()]).toEqual([1, 2, undefined]);
  });
});
