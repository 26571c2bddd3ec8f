import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { ServiceError } from '../../src/core/errors.js';
import type { AttemptSummary } from '../../src/core/events.js';
import type { FaultSpec } from '../../src/sandbox/faults.js';
import { clientOf, errorOf, nova, routed } from '../bedrock/client-setup.js';
import { callContext } from '../support/call-context.js';
import { startComposed } from '../support/composed.js';
import { startTestSandbox, type TestSandbox } from '../support/sandbox.js';

/*
 * Every error that Bedrock is known to answer with, and every message that decides what is to be done, sent over HTTP to
 * the real SDK: what it is called, what the caller is told to do, and what the server does about it.
 */

type Name = Extract<FaultSpec, { kind: 'error' }>['name'];
/** `again`: the same model is asked again; `next`: another model answers; `end`: the caller has to do something. */
type Decision = 'again, next' | 'again, end' | 'next' | 'end';
type Row = readonly [name: Name, message: string | undefined, told: string, decision: Decision, remedy: RegExp];

const operator = /operator/i;
const byName: readonly Row[] = [
  ['ThrottlingException', undefined, 'rate_limit', 'again, next', /retry_after_ms/],
  ['ModelNotReadyException', undefined, 'rate_limit', 'again, next', /retry_after_ms/],
  ['ServiceUnavailableException', undefined, 'model_error', 'again, next', /another model/],
  ['InternalServerException', undefined, 'model_error', 'again, next', /another model/],
  ['ModelTimeoutException', undefined, 'timeout', 'next', /timeout_ms/],
  ['ModelErrorException', undefined, 'model_error', 'again, next', /another model/],
  ['ModelStreamErrorException', undefined, 'model_error', 'again, next', /another model/],
  ['ValidationException', undefined, 'validation', 'end', /Correct/],
  ['AccessDeniedException', 'No.', 'authorization', 'next', operator],
  ['ResourceNotFoundException', undefined, 'model_unavailable/wrong_model_id', 'next', /bedrock_models/],
  ['ServiceQuotaExceededException', undefined, 'quota', 'next', /quota/],
  ['ConflictException', undefined, 'validation', 'end', /Correct/],
  ['ExpiredTokenException', undefined, 'authentication/credentials_expired', 'end', operator],
  ['ExpiredToken', undefined, 'authentication/credentials_expired', 'end', operator],
  ['RequestExpired', undefined, 'authentication/credentials_expired', 'end', operator],
  ['UnrecognizedClientException', undefined, 'authentication/credentials_invalid', 'end', operator],
  ['InvalidClientTokenId', undefined, 'authentication/credentials_invalid', 'end', operator],
  ['InvalidSignatureException', undefined, 'authentication/credentials_invalid', 'end', operator],
  ['SignatureDoesNotMatch', undefined, 'authentication/credentials_invalid', 'end', operator],
  ['RequestTimeTooSkewed', undefined, 'authentication/clock_skew', 'end', /NTP/],
  ['IncompleteSignature', undefined, 'authentication/credentials_invalid', 'end', operator],
  ['MissingAuthenticationToken', undefined, 'authentication/credentials_invalid', 'end', operator],
  ['NotAuthorized', undefined, 'authorization', 'next', operator],
  ['OptInRequired', undefined, 'authorization/subscription_missing', 'next', /Marketplace/],
  ['FTUFormNotFilled', undefined, 'authorization/use_case_form_missing', 'next', /use case form/],
  ['UnknownOperationException', undefined, 'internal', 'end', /AWS_ENDPOINT_URL_BEDROCK_RUNTIME/],
  ['RequestEntityTooLargeException', undefined, 'validation/input_too_long', 'next', /Shorten/],
];

const invalid = (message: string, told: string, decision: Decision, remedy: RegExp): Row => [
  'ValidationException',
  message,
  told,
  decision,
  remedy,
];
const denied = (message: string, told: string, remedy: RegExp, decision: Decision = 'next'): Row => [
  'AccessDeniedException',
  message,
  told,
  decision,
  remedy,
];
const missing = (message: string, told: string, remedy: RegExp): Row => [
  'ResourceNotFoundException',
  message,
  told,
  'next',
  remedy,
];
const byMessage: readonly Row[] = [
  ['ThrottlingException', 'Too many tokens per day, please wait.', 'quota/daily_quota', 'next', /next day/],
  invalid("on-demand throughput isn't supported.", 'model_unavailable/needs_profile', 'next', /bedrock_models/),
  invalid('The provided model identifier is invalid.', 'model_unavailable/wrong_model_id', 'next', /bedrock_models/),
  missing('This model version has reached the end of its life.', 'model_unavailable/end_of_life', /bedrock_models/),
  missing(
    'Access denied. This Model is marked by provider as Legacy and you have not been actively using the model in the last 30 days.',
    'model_unavailable/legacy',
    /bedrock_models/,
  ),
  invalid('Operation not allowed', 'authorization/model_blocked', 'next', /AWS support/),
  invalid('Input is too long for requested model.', 'validation/input_too_long', 'next', /larger context/),
  invalid('The maximum tokens exceeds the model limit.', 'validation/max_tokens_too_large', 'again, end', /max_tokens/),
  invalid('Malformed input request: extraneous key [x] is not permitted', 'validation', 'end', /optional arguments/),
  invalid("This model doesn't support the toolConfig field.", 'validation/not_supported', 'end', /bedrock_models/),
  invalid('`temperature` is deprecated for this model.', 'validation/sampling_refused', 'end', /temperature/),
  invalid('The text field in the ContentBlock object is blank.', 'validation', 'end', /conversation/),
  denied(
    "You don't have access to the model with the specified model ID.",
    'authorization/access_not_enabled',
    /Bedrock console/,
  ),
  denied(
    'aws-marketplace:ViewSubscriptions, aws-marketplace:Subscribe',
    'authorization/subscription_missing',
    /Marketplace/,
  ),
  denied('INVALID_PAYMENT_INSTRUMENT', 'authorization/subscription_missing', /Billing/),
  missing('Model use case details have not been submitted.', 'authorization/use_case_form_missing', /use case form/),
  denied('with an explicit deny in a service control policy', 'authorization/policy_denied', /service control policy/),
  denied('is not authorized to perform: bedrock:InvokeModel', 'authorization', /bedrock:InvokeModel/),
  denied('The guardrail is required.', 'validation/guardrail', /guardrail/, 'end'),
];

let sandbox: TestSandbox;
beforeAll(async () => {
  sandbox = await startTestSandbox();
});
afterAll(() => sandbox.close());

const title = ([name, message]: Row) => (message === undefined ? name : `${name}: ${message}`);
const rows = [...byName, ...byMessage].map((row) => [title(row), row] as const);

it.each(rows)('%s', async (_, [name, message, told, decision, remedy]) => {
  const fault: FaultSpec = { kind: 'error', name, ...(message !== undefined && { message }), model: nova.model };
  const [category, reason] = told.split('/');
  await sandbox.control.faults(fault);
  const client = clientOf(sandbox.url, sandbox.catalogue);
  const error = await errorOf(client.converse(routed(), callContext()));
  client.close();
  await sandbox.control.reset();
  expect({ category: error.category, reason: error.reason }).toEqual({ category, reason });
  expect(error.remedy).toMatch(remedy);

  const { attempts, answeredBy } = await decisionOn(fault);
  const ofFirst = attempts.filter(({ target }) => target.model === nova.model);
  expect(ofFirst[0]?.failure).toMatchObject({ category });
  expect({ again: ofFirst.length > 1, next: answeredBy !== undefined && answeredBy !== nova.model }).toEqual({
    again: decision.startsWith('again'),
    next: decision.endsWith('next'),
  });
});

/** What the whole server does about a fault of the first model that a caller asks for. */
async function decisionOn(fault: FaultSpec): Promise<{ attempts: readonly AttemptSummary[]; answeredBy?: string }> {
  const server = await startComposed();
  await server.control.faults(fault);
  try {
    const asked = { prompt: 'Hello', model: nova.model, cache: 'bypass', max_tokens: 64 };
    const { response, record } = await server.invoke(asked);
    return { attempts: record.attempts, answeredBy: response.served.model };
  } catch (thrown) {
    return { attempts: (thrown instanceof ServiceError && thrown.call?.attempts) || [] };
  } finally {
    await server.close();
  }
}
