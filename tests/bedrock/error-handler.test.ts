import { describe, expect, it } from '@jest/globals';
import { createBedrockErrorHandler } from '../../src/bedrock/error-handler.js';
import { verdicts } from '../../src/bedrock/error-verdicts.js';
import { errorPolicies, ServiceError } from '../../src/core/errors.js';
import { region } from '../../src/core/target.js';
import { awsErrors } from '../../src/sandbox/aws-error.js';
import { fakeClock } from '../support/fake-clock.js';
import { nova } from './client-setup.js';

const clock = fakeClock();
const { toServiceError } = createBedrockErrorHandler({ clock });

interface Thrown {
  readonly name?: string;
  readonly message?: string;
  readonly code?: string;
  readonly status?: number;
  readonly headers?: Record<string, string>;
}

const secret = 'arn:aws:iam::123456789012:user/somebody';

/** An error in the shape of the SDK's, with text that must not come through. */
function thrown({ name = 'Error', message = '', code, status, headers }: Thrown): Error {
  return Object.assign(new Error(`${message} ${secret}`), {
    name,
    ...(code !== undefined && { code }),
    ...(status !== undefined && { $metadata: { httpStatusCode: status } }),
    ...(headers && { $response: { statusCode: status, headers } }),
  });
}

const outcome = (given: Thrown): string => {
  const { category, reason } = toServiceError(thrown(given), nova);
  return reason ? `${category}/${reason}` : category;
};

describe('a name', () => {
  const names: Readonly<Record<string, string>> = {
    ThrottlingException: 'rate_limit',
    TooManyRequestsException: 'rate_limit',
    ModelNotReadyException: 'rate_limit',
    ServiceUnavailableException: 'model_error',
    InternalServerException: 'model_error',
    ModelTimeoutException: 'timeout',
    ModelErrorException: 'model_error',
    ModelStreamErrorException: 'model_error',
    ValidationException: 'validation',
    AccessDeniedException: 'authorization',
    ResourceNotFoundException: 'model_unavailable/wrong_model_id',
    ServiceQuotaExceededException: 'quota',
    ConflictException: 'validation',
    ExpiredTokenException: 'authentication/credentials_expired',
    ExpiredToken: 'authentication/credentials_expired',
    RequestExpired: 'authentication/credentials_expired',
    UnrecognizedClientException: 'authentication/credentials_invalid',
    InvalidClientTokenId: 'authentication/credentials_invalid',
    InvalidSignatureException: 'authentication/credentials_invalid',
    SignatureDoesNotMatch: 'authentication/credentials_invalid',
    RequestTimeTooSkewed: 'authentication/clock_skew',
    IncompleteSignature: 'authentication/credentials_invalid',
    MissingAuthenticationToken: 'authentication/credentials_invalid',
    NotAuthorized: 'authorization',
    OptInRequired: 'authorization/subscription_missing',
    FTUFormNotFilled: 'authorization/use_case_form_missing',
    UnknownOperationException: 'internal',
    CredentialsProviderError: 'authentication/credentials_missing',
    TokenProviderError: 'authentication/credentials_missing',
    TimeoutError: 'network',
    AbortError: 'cancelled',
    RequestEntityTooLargeException: 'validation/input_too_long',
  };

  it.each(Object.entries(names))('%s is %s', (name, expected) => {
    expect(outcome({ name })).toBe(expected);
    expect(outcome({ name: name.charAt(0).toLowerCase() + name.slice(1) })).toBe(expected);
    expect(outcome({ name: `com.amazon.coral#${name}:http://internal/` })).toBe(expected);
  });

  it('of the sandbox is known in every case', () => {
    expect(Object.keys(awsErrors).filter((name) => !(name in names))).toEqual([]);
  });

  it('wins over the status', () => {
    expect(outcome({ name: 'ThrottlingException', status: 500 })).toBe('rate_limit');
  });
});

describe('without a name', () => {
  it.each([
    [400, 'validation'],
    [401, 'authentication/credentials_invalid'],
    [403, 'authorization'],
    [404, 'model_unavailable/wrong_model_id'],
    [407, 'network'],
    [408, 'timeout'],
    [413, 'validation/input_too_long'],
    [418, 'validation'],
    [424, 'model_error'],
    [429, 'rate_limit'],
    [500, 'model_error'],
    [502, 'model_error'],
    [503, 'model_error'],
    [504, 'timeout'],
    [599, 'model_error'],
  ])('the status %i is %s', (status, expected) => {
    expect(outcome({ name: 'Unknown', status })).toBe(expected);
    expect(outcome({ name: 'BrandNewException', status })).toBe(expected);
  });

  it.each([
    ['ECONNRESET', 'network'],
    ['ECONNREFUSED', 'network'],
    ['EPIPE', 'network'],
    ['ETIMEDOUT', 'network'],
    ['ENOTFOUND', 'network'],
    ['EAI_AGAIN', 'network'],
    ['EHOSTUNREACH', 'network'],
    ['ENETUNREACH', 'network'],
    ['ERR_HTTP2_STREAM_ERROR', 'network'],
    ['CERT_HAS_EXPIRED', 'network'],
    ['SELF_SIGNED_CERT_IN_CHAIN', 'network'],
    ['ERR_TLS_CERT_ALTNAME_INVALID', 'network'],
    ['ERR_SSL_WRONG_VERSION_NUMBER', 'network'],
    ['EPROTO', 'network'],
    ['HPE_INVALID_CONSTANT', 'network'],
  ])('the code %s is %s', (code, expected) => {
    expect(outcome({ code })).toBe(expected);
  });

  it('a code in the cause counts too', () => {
    const error = new Error('fetch failed', { cause: { code: 'ENOTFOUND' } });
    expect(toServiceError(error, nova).category).toBe('network');
  });

  it.each([
    [{ name: 'SyntaxError', status: 502 }, 'network'],
    [{ name: 'SyntaxError', status: 200 }, 'model_error/invalid_answer'],
    [{ name: 'SyntaxError' }, 'model_error/invalid_answer'],
    [{ message: 'Truncated event message received.' }, 'model_error/stream_truncated'],
    [{ message: 'The message checksum (1) did not match the expected value of 2' }, 'model_error/invalid_answer'],
    [{ name: 'TypeError', status: 200 }, 'model_error/invalid_answer'],
    [{ name: 'TypeError' }, 'internal'],
    [{ name: 'somethingNewException' }, 'model_error'],
    [{ name: 'modelTimeoutException', message: '{"message":"late"}' }, 'timeout'],
  ] as const)('%j is %s', (given, expected) => {
    expect(outcome(given)).toBe(expected);
  });

  it.each([undefined, null, 'text', 7])('%p is a failure of this server', (value) => {
    expect(toServiceError(value, nova).category).toBe('internal');
  });
});

describe('a message class', () => {
  it.each([
    ['ThrottlingException', 'Too many tokens per day, please wait', 'quota/daily_quota'],
    ['ThrottlingException', 'Too many tokens, please wait', 'rate_limit'],
    ['ServiceQuotaExceededException', 'daily limit', 'quota/daily_quota'],
    ['ValidationException', "with on-demand throughput isn't supported. Retry", 'model_unavailable/needs_profile'],
    ['ValidationException', 'with on-demand throughput isn’t supported', 'model_unavailable/needs_profile'],
    ['ValidationException', 'The provided model identifier is invalid.', 'model_unavailable/wrong_model_id'],
    ['ValidationException', 'Operation not allowed', 'authorization/model_blocked'],
    ['ValidationException', 'Input is too long for requested model.', 'validation/input_too_long'],
    ['ValidationException', 'prompt is too long: 210000 tokens > 200000 maximum', 'validation/input_too_long'],
    ['ValidationException', 'exceeds the maximum context length', 'validation/input_too_long'],
    ['ValidationException', 'Too many input tokens', 'validation/input_too_long'],
    [
      'ValidationException',
      'The maximum tokens you requested exceeds the model limit of 4096',
      'validation/max_tokens_too_large',
    ],
    ['ValidationException', 'Malformed input request: extraneous key [x]', 'validation'],
    ['ValidationException', "This model doesn't support the stopSequences field", 'validation/not_supported'],
    ['ValidationException', "This model doesn't support tool use in streaming mode.", 'validation/not_supported'],
    ['ValidationException', '`temperature` and `top_p` cannot both be specified', 'validation/sampling_refused'],
    ['ValidationException', '`temperature` is deprecated for this model.', 'validation/sampling_refused'],
    ['ValidationException', 'The text field in the ContentBlock object is blank.', 'validation'],
    ['ValidationException', 'A conversation must start with a user message.', 'validation'],
    ['ValidationException', 'The guardrail identifier was not found', 'validation/guardrail'],
    ['ValidationException', 'Output blocked by content filtering policy', 'content_filtered'],
    [
      'AccessDeniedException',
      "You don't have access to the model with the specified model ID.",
      'authorization/access_not_enabled',
    ],
    [
      'AccessDeniedException',
      'not authorized to perform the required AWS Marketplace actions (aws-marketplace:Subscribe)',
      'authorization/subscription_missing',
    ],
    ['AccessDeniedException', 'INVALID_PAYMENT_INSTRUMENT: a valid payment', 'authorization/subscription_missing'],
    [
      'AccessDeniedException',
      'is not authorized to perform: x with an explicit deny in a service control policy',
      'authorization/policy_denied',
    ],
    ['AccessDeniedException', 'is not authorized to perform: bedrock:InvokeModel', 'authorization'],
    ['AccessDeniedException', 'Bearer Token has expired', 'authentication/credentials_expired'],
    [
      'AccessDeniedException',
      'Authentication failed: Please make sure your API Key is valid.',
      'authentication/credentials_invalid',
    ],
    [
      'ResourceNotFoundException',
      'This model version has reached the end of its life.',
      'model_unavailable/end_of_life',
    ],
    [
      'ResourceNotFoundException',
      'marked by provider as Legacy and you have not been actively using',
      'model_unavailable/legacy',
    ],
    [
      'ResourceNotFoundException',
      'Model use case details have not been submitted',
      'authorization/use_case_form_missing',
    ],
    [
      'InvalidSignatureException',
      'Signature expired: 20260101T000000Z is now earlier than',
      'authentication/clock_skew',
    ],
    ['InvalidSignatureException', 'Signature not yet current: 2026', 'authentication/clock_skew'],
  ])('%s: %s', (name, message, expected) => {
    expect(outcome({ name, message })).toBe(expected);
    expect(outcome({ name, message: JSON.stringify({ message }) })).toBe(expected);
  });

  it('refines a status as well, where the name was lost', () => {
    expect(outcome({ name: 'Unknown', status: 403, message: 'The security token included is expired' })).toBe(
      'authentication/credentials_expired',
    );
    expect(outcome({ name: 'Unknown', status: 404, message: 'reached the end of its life' })).toBe(
      'model_unavailable/end_of_life',
    );
  });
});

describe('a hint to wait', () => {
  const inTenSeconds = new Date(clock.nowMs() + 10_000).toUTCString();
  it.each([
    [{ 'retry-after': '2' }, 2_000],
    [{ 'Retry-After': '1.5' }, 1_500],
    [{ 'retry-after': inTenSeconds }, 10_000],
    [{ 'x-amz-retry-after': '750' }, 750],
    [{ 'retry-after': '99999999' }, 86_400_000],
    [{ 'retry-after': 'soon' }, undefined],
    [{ 'x-amz-retry-after': '-5' }, undefined],
    [{}, undefined],
  ])('%j', (headers, expected) => {
    expect(toServiceError(thrown({ name: 'ThrottlingException', status: 429, headers }), nova).retryAfterMs).toBe(
      expected,
    );
  });
});

describe('what a caller sees', () => {
  it('names model and region and never foreign text, which stays in the cause', () => {
    const cause = thrown({ name: 'ValidationException', message: 'anything' });
    const error = toServiceError(cause, nova);
    expect(error.message).toContain('us.amazon.nova-lite-v1:0 in us-east-1');
    expect(`${error.message}${error.remedy}`).not.toContain(secret);
    expect(error.cause).toBe(cause);
    expect(error.target).toBe(nova);
  });

  it('names the region alone for a call about no model', () => {
    const error = toServiceError(thrown({ name: 'ThrottlingException' }), { region: region('eu-west-1') });
    expect(error.message).toContain('Bedrock in eu-west-1');
    expect(error.target).toBeUndefined();
  });

  it('is left alone when it is a ServiceError', () => {
    const own = new ServiceError('timeout', 'late');
    expect(toServiceError(own, nova)).toBe(own);
  });

  it.each(Object.entries(verdicts))('%s is a sentence, with a remedy of its own or of its category', (_, verdict) => {
    expect(verdict.message('X in Y')).toMatch(/^[A-Z].*\.$/);
    const remedy = 'remedy' in verdict ? verdict.remedy : errorPolicies[verdict.category].remedy;
    expect(remedy).toMatch(/\.$/);
  });
});
