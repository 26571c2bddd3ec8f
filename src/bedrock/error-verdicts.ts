import type { ErrorCategory, ErrorReason } from '../core/errors.js';

/* What this server says and advises for each kind of failure that the error handler tells apart. */

export interface Verdict {
  readonly category: ErrorCategory;
  readonly reason?: ErrorReason;
  /** `at` names model and region. */
  readonly message: (at: string) => string;
  readonly remedy?: string;
}

const credentialsRemedy =
  'The operator has to check the AWS credentials of this server (AWS_BEDROCK_ACCESS_KEY_ID, AWS_PROFILE or the role).';
const endpointRemedy = 'The operator has to check AWS_ENDPOINT_URL_BEDROCK_RUNTIME, the region and any proxy.';
const certificateRemedy =
  'The operator has to trust the certificate authority with NODE_EXTRA_CA_CERTS, or correct the endpoint.';
const consoleRemedy = (what: string) => `Ask for another model; the operator has to ${what} for this one.`;

export const verdicts = {
  throttled: { category: 'rate_limit', message: (at) => `Bedrock throttled the call to ${at}.` },
  modelNotReady: { category: 'rate_limit', message: (at) => `Bedrock is still loading ${at}.` },
  dailyQuota: {
    category: 'quota',
    reason: 'daily_quota',
    message: (at) => `The tokens that the account may use per day are used up for ${at}.`,
    remedy: 'Ask for another model or region, wait for the next day, or have the operator request a higher quota.',
  },
  serviceQuota: { category: 'quota', message: (at) => `A service quota of the AWS account is reached for ${at}.` },
  unavailable: { category: 'model_error', message: (at) => `Bedrock is not available for ${at} at the moment.` },
  serverFailed: { category: 'model_error', message: (at) => `Bedrock failed on the call to ${at}.` },
  modelFailed: { category: 'model_error', message: (at) => `The model failed on this request: ${at}.` },
  streamFailed: { category: 'model_error', message: (at) => `The model failed while it answered: ${at}.` },
  streamTruncated: {
    category: 'model_error',
    reason: 'stream_truncated',
    message: (at) => `The answer of ${at} broke off before its end.`,
  },
  streamBroken: {
    category: 'model_error',
    reason: 'invalid_answer',
    message: (at) => `The answer of ${at} arrived damaged: its checksum is wrong.`,
  },
  invalidAnswer: {
    category: 'model_error',
    reason: 'invalid_answer',
    message: (at) => `Bedrock sent an answer for ${at} that cannot be read.`,
  },
  unknownFailure: { category: 'model_error', message: (at) => `Bedrock reported an unknown error for ${at}.` },
  modelTimeout: { category: 'timeout', message: (at) => `The model took too long to answer: ${at}.` },
  invalid: { category: 'validation', message: (at) => `Bedrock does not accept the request for ${at}.` },
  malformed: {
    category: 'validation',
    message: (at) => `Bedrock does not accept the form of the request for ${at}.`,
    remedy: 'Leave out the optional arguments, `additional_model_request_fields` first, or ask for another model.',
  },
  inputTooLong: {
    category: 'validation',
    reason: 'input_too_long',
    message: (at) => `The input is longer than ${at} can take.`,
    remedy: 'Shorten the conversation, or ask for a model with a larger context window.',
  },
  maxTokensTooLarge: {
    category: 'validation',
    reason: 'max_tokens_too_large',
    message: (at) => `The max_tokens given are more than ${at} allows.`,
    remedy: 'Lower max_tokens.',
  },
  notSupported: {
    category: 'validation',
    reason: 'not_supported',
    message: (at) => `The request uses something that ${at} does not support.`,
    remedy: 'Leave out tools, images, documents or system text that the model does not list in `bedrock_models`.',
  },
  sampling: {
    category: 'validation',
    reason: 'sampling_refused',
    message: (at) => `The sampling arguments are not accepted by ${at}.`,
    remedy: 'Leave out temperature, top_p and top_k.',
  },
  conversation: {
    category: 'validation',
    message: (at) => `The order or content of the messages is not accepted by ${at}.`,
    remedy: 'Let the conversation start and end with the user, without empty texts, every tool call answered.',
  },
  guardrail: {
    category: 'validation',
    reason: 'guardrail',
    message: (at) => `The guardrail set for ${at} does not exist or is missing.`,
    remedy: 'The operator has to check the guardrail identifier, its version and the IAM conditions.',
  },
  contentFiltered: {
    category: 'content_filtered',
    message: (at) => `The provider of the model blocked the content of the request: ${at}.`,
  },
  needsProfile: {
    category: 'model_unavailable',
    reason: 'needs_profile',
    message: (at) => `The model can only be called through an inference profile: ${at}.`,
  },
  wrongModelId: {
    category: 'model_unavailable',
    reason: 'wrong_model_id',
    message: (at) => `Bedrock does not know this model or profile there: ${at}.`,
  },
  endOfLife: {
    category: 'model_unavailable',
    reason: 'end_of_life',
    message: (at) => `The model is retired: ${at}.`,
  },
  legacy: {
    category: 'model_unavailable',
    reason: 'legacy',
    message: (at) => `The model is a legacy one that this account may no longer use: ${at}.`,
  },
  modelBlocked: {
    category: 'authorization',
    reason: 'model_blocked',
    message: (at) => `AWS blocks this account from ${at}.`,
    remedy: consoleRemedy('ask AWS support'),
  },
  accessDenied: { category: 'authorization', message: (at) => `The credentials may not use ${at}.` },
  accessNotEnabled: {
    category: 'authorization',
    reason: 'access_not_enabled',
    message: (at) => `Access is not enabled in this AWS account for ${at}.`,
    remedy: consoleRemedy('enable access in the Bedrock console'),
  },
  subscriptionMissing: {
    category: 'authorization',
    reason: 'subscription_missing',
    message: (at) => `The AWS account has no subscription for ${at}.`,
    remedy: consoleRemedy('subscribe in AWS Marketplace (it takes up to 15 minutes to work)'),
  },
  paymentMissing: {
    category: 'authorization',
    reason: 'subscription_missing',
    message: (at) => `The AWS account has no valid payment method for ${at}.`,
    remedy: consoleRemedy('correct the payment method in the AWS Billing console'),
  },
  useCaseFormMissing: {
    category: 'authorization',
    reason: 'use_case_form_missing',
    message: (at) => `The use case form of the provider is not submitted for ${at}.`,
    remedy: consoleRemedy('submit the use case form in the Bedrock console'),
  },
  policyDenied: {
    category: 'authorization',
    reason: 'policy_denied',
    message: (at) => `A policy of the AWS organisation forbids ${at}.`,
    remedy: consoleRemedy('change the service control policy (it must admit the regions of the profile)'),
  },
  iamDenied: {
    category: 'authorization',
    message: (at) => `IAM does not allow these credentials to call ${at}.`,
    remedy: consoleRemedy('allow bedrock:InvokeModel and bedrock:InvokeModelWithResponseStream'),
  },
  credentialsMissing: {
    category: 'authentication',
    reason: 'credentials_missing',
    message: () => 'This server has no AWS credentials.',
    remedy:
      'Set AWS_BEDROCK_ACCESS_KEY_ID and AWS_BEDROCK_SECRET_ACCESS_KEY, or AWS_BEARER_TOKEN_BEDROCK, or AWS_PROFILE.',
  },
  credentialsExpired: {
    category: 'authentication',
    reason: 'credentials_expired',
    message: () => 'The AWS credentials of this server have expired.',
    remedy: 'The operator has to renew the AWS credentials of this server (log in again, or set new keys).',
  },
  credentialsInvalid: {
    category: 'authentication',
    reason: 'credentials_invalid',
    message: () => 'AWS does not know the credentials of this server.',
    remedy: credentialsRemedy,
  },
  signatureInvalid: {
    category: 'authentication',
    reason: 'credentials_invalid',
    message: () => 'AWS does not accept the signature: the secret key is wrong, or a proxy changes requests.',
    remedy: credentialsRemedy,
  },
  clockSkew: {
    category: 'authentication',
    reason: 'clock_skew',
    message: () => 'The clock of this server is too far from that of AWS.',
    remedy: 'The operator has to set the clock of this server (NTP).',
  },
  wrongEndpoint: {
    category: 'internal',
    message: (at) => `The endpoint does not know the operation that was asked of it: ${at}.`,
    remedy: endpointRemedy,
  },
  proxyAnswered: {
    category: 'network',
    message: (at) => `Something other than Bedrock, such as a proxy, answered the call to ${at}.`,
    remedy: endpointRemedy,
  },
  connectionFailed: { category: 'network', message: (at) => `The connection to Bedrock failed: ${at}.` },
  hostUnknown: {
    category: 'network',
    message: (at) => `The host name of the Bedrock endpoint was not found: ${at}.`,
    remedy: endpointRemedy,
  },
  certificate: {
    category: 'network',
    message: (at) => `The certificate of the Bedrock endpoint is not trusted: ${at}.`,
    remedy: certificateRemedy,
  },
  tls: {
    category: 'network',
    message: (at) => `No secure connection could be agreed with the Bedrock endpoint: ${at}.`,
    remedy: 'The operator may allow TLSv1.2 where a proxy does not speak TLSv1.3.',
  },
  cancelled: { category: 'cancelled', message: () => 'The call was cancelled.' },
  serverBug: { category: 'internal', message: () => 'The server failed on this call.' },
} as const satisfies Record<string, Verdict>;

export type VerdictName = keyof typeof verdicts;
