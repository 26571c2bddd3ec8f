import { ServiceError } from '../core/errors.js';

/* What goes wrong on the way to AWS before the SDK can say so. */

/** The SDK replaces errors of another realm (a vm context) and loses their code; one made here keeps it. */
export function ownError(thrown: unknown): Error {
  if (thrown instanceof ServiceError) return thrown;
  const { name = 'Error', code } = thrown as { name?: string; code?: unknown };
  return Object.assign(new Error('connection failed', { cause: thrown }), { name, code });
}

export function bearerInTheClear(): ServiceError {
  return new ServiceError(
    'authentication',
    'The Bedrock API key is not sent over a connection that is not encrypted.',
    {
      remedy: 'The operator has to set an https endpoint, or use keys that sign instead of AWS_BEARER_TOKEN_BEDROCK.',
    },
  );
}

export function unexpectedType(): ServiceError {
  return new ServiceError('model_error', 'The endpoint answered with another type of content than Bedrock does.', {
    reason: 'invalid_answer',
    remedy: 'The operator has to check AWS_ENDPOINT_URL_BEDROCK_RUNTIME and any proxy.',
  });
}

export function tooLarge(): ServiceError {
  return new ServiceError('model_error', 'The answer is larger than this server accepts.', {
    reason: 'answer_too_large',
    remedy: 'Lower max_tokens, or ask another model.',
  });
}
