import { z } from 'zod';
import { defineTool } from '../src/server/define-tool.js';

const input = z.strictObject({
  request_id: z.string().max(128),
  rating: z.number().min(0).max(1).describe('1 is best.'),
  comment: z.string().max(2_000).optional(),
});

const output = z.strictObject({ request_id: z.string(), model: z.string(), task: z.string() });

export const bedrockFeedback = defineTool({
  name: 'bedrock_feedback',
  title: 'Rate an answer',
  description:
    'Rate a recent answer of bedrock_invoke, so that later requests of its kind go to the models that answer them best. ' +
    'Use it when you know how good the answer was.',
  kind: 'write',
  toolset: 'sessions',
  input,
  example: { request_id: '6f1c…', rating: 0.9 },
  output,
  handle: async ({ request_id, rating, comment }, service, { caller }) => {
    const feedback = { requestId: request_id, rating, ...(comment !== undefined && { comment }) };
    const { model, task } = await service.feedback(feedback, caller);
    return { structured: { request_id, model, task }, text: `Rated ${model} ${rating} at a ${task} request.` };
  },
});
