import type { Clock } from '../core/clock.js';
import { ServiceError } from '../core/errors.js';
import { invocationId, type Region, type Target } from '../core/target.js';
import { type Verdict, type VerdictName, verdicts } from './error-verdicts.js';

/*
 * Everything that AWS, the SDK and the network can throw, in four tables: by name, code, status and message class. The
 * name decides; where it is missing or unknown the code or status does; the message only refines a verdict that is too
 * coarse to act on. Foreign text is matched and then left in `cause`: what callers see is in error-verdicts.ts.
 */

/** Names in lower case without `exception`, because those inside a stream start with a small letter. */
const byName: Readonly<Record<string, VerdictName>> = {
  throttling: 'throttled',
  toomanyrequests: 'throttled',
  modelnotready: 'modelNotReady',
  serviceunavailable: 'unavailable',
  internalserver: 'serverFailed',
  internalfailure: 'serverFailed',
  modeltimeout: 'modelTimeout',
  modelerror: 'modelFailed',
  modelstreamerror: 'streamFailed',
  validation: 'invalid',
  accessdenied: 'accessDenied',
  resourcenotfound: 'wrongModelId',
  requestentitytoolarge: 'inputTooLong',
  servicequotaexceeded: 'serviceQuota',
  conflict: 'invalid',
  expiredtoken: 'credentialsExpired',
  requestexpired: 'credentialsExpired',
  unrecognizedclient: 'credentialsInvalid',
  invalidclienttokenid: 'credentialsInvalid',
  invalidsignature: 'signatureInvalid',
  signaturedoesnotmatch: 'signatureInvalid',
  requesttimetooskewed: 'clockSkew',
  incompletesignature: 'signatureInvalid',
  missingauthenticationtoken: 'signatureInvalid',
  notauthorized: 'accessDenied',
  optinrequired: 'subscriptionMissing',
  ftuformnotfilled: 'useCaseFormMissing',
  unknownoperation: 'wrongEndpoint',
  credentialsprovidererror: 'credentialsMissing',
  tokenprovidererror: 'credentialsMissing',
  timeouterror: 'connectionFailed',
  aborterror: 'cancelled',
};

const byStatus: Readonly<Record<number, VerdictName>> = {
  400: 'invalid',
  401: 'credentialsInvalid',
  403: 'accessDenied',
  404: 'wrongModelId',
  407: 'proxyAnswered',
  408: 'modelTimeout',
  413: 'inputTooLong',
  424: 'modelFailed',
  429: 'throttled',
  500: 'serverFailed',
  503: 'unavailable',
  504: 'modelTimeout',
};

/** Codes of Node, the longest prefix first where two fit. */
const byCode: readonly (readonly [prefix: string, verdict: VerdictName])[] = [
  ['ENOTFOUND', 'hostUnknown'],
  ['EAI_', 'hostUnknown'],
  ['ERR_TLS_CERT_ALTNAME_INVALID', 'certificate'],
  ['CERT_', 'certificate'],
  ['DEPTH_ZERO_SELF_SIGNED_CERT', 'certificate'],
  ['SELF_SIGNED_CERT_IN_CHAIN', 'certificate'],
  ['UNABLE_TO_', 'certificate'],
  ['ERR_TLS_', 'tls'],
  ['ERR_SSL_', 'tls'],
  ['EPROTO', 'tls'],
  ['HPE_', 'proxyAnswered'],
  ['ERR_HTTP2_', 'connectionFailed'],
  ['ERR_STREAM_PREMATURE_CLOSE', 'connectionFailed'],
  ['ERR_SOCKET_', 'connectionFailed'],
  ['UND_ERR_', 'connectionFailed'],
  ['ECONN', 'connectionFailed'],
  ['EHOST', 'connectionFailed'],
  ['ENET', 'connectionFailed'],
  ['EADDR', 'connectionFailed'],
  ['EPIPE', 'connectionFailed'],
  ['ETIMEDOUT', 'connectionFailed'],
];

type MessageRule = readonly [pattern: RegExp, verdict: VerdictName];

const guardrailRule: MessageRule = [/guardrail/i, 'guardrail'];

/** The SDK's event-stream reader throws plain errors. */
const brokenStreamRules: readonly MessageRule[] = [
  [/truncated event message/i, 'streamTruncated'],
  [/checksum|message length|prelude/i, 'streamBroken'],
];

/** For each verdict that is too coarse, the message classes that refine it; the first that fits wins. */
const byMessage: Partial<Readonly<Record<VerdictName, readonly MessageRule[]>>> = {
  throttled: [[/per[ -]day|daily/i, 'dailyQuota']],
  serviceQuota: [[/per[ -]day|daily/i, 'dailyQuota']],
  invalid: [
    [/on-demand throughput isn.?t supported/i, 'needsProfile'],
    [/model identifier is invalid/i, 'wrongModelId'],
    [/end of its life/i, 'endOfLife'],
    [/operation not allowed/i, 'modelBlocked'],
    [/temperature.{0,40}top_?p.{0,40}cannot both|(temperature|top_?[pk]).{0,40}(deprecated|refused)/i, 'sampling'],
    [/(maximum|max)[ _]?tokens.{0,80}(exceed|too large|less than)/i, 'maxTokensTooLarge'],
    [/(input|prompt) is too long|maximum context|context (window|length)|too many (input )?tokens/i, 'inputTooLong'],
    [/content filter|content policy|blocked by/i, 'contentFiltered'],
    guardrailRule,
    [/malformed input request|schema violation|extraneous key/i, 'malformed'],
    [/(doesn.?t|does not|not) support/i, 'notSupported'],
    [/blank|non-whitespace|must (start|end) with|alternate|without .{0,20}tool_?result/i, 'conversation'],
  ],
  accessDenied: [
    [/have access to the model/i, 'accessNotEnabled'],
    [/aws-marketplace|subscription/i, 'subscriptionMissing'],
    [/payment/i, 'paymentMissing'],
    [/service control policy/i, 'policyDenied'],
    guardrailRule,
    [/not authorized to perform/i, 'iamDenied'],
    [/token.{0,40}expired/i, 'credentialsExpired'],
    [/token.{0,40}invalid|authentication failed|api key/i, 'credentialsInvalid'],
    [/signature expired|not yet current|skew/i, 'clockSkew'],
    [/signature/i, 'signatureInvalid'],
  ],
  wrongModelId: [
    [/end of its life/i, 'endOfLife'],
    [/legacy/i, 'legacy'],
    [/use case details/i, 'useCaseFormMissing'],
    guardrailRule,
  ],
  signatureInvalid: [[/signature expired|not yet current|skew/i, 'clockSkew']],
  serverBug: brokenStreamRules,
  invalidAnswer: brokenStreamRules,
};

/** Where the call went. Calls about no model have a region only. */
export type ErrorPlace = Target | { readonly region: Region };

export interface BedrockErrorHandler {
  /** Any thrown value as a ServiceError that names the place; a ServiceError passes unchanged. */
  toServiceError(thrown: unknown, place: ErrorPlace): ServiceError;
}

interface ErrorFacts {
  readonly name: string;
  readonly message: string;
  readonly code: string;
  readonly status: number | undefined;
  readonly headers: Readonly<Record<string, unknown>>;
}

/** `clock` turns a Retry-After given as a date into milliseconds. */
export function createBedrockErrorHandler(options: { readonly clock: Clock }): BedrockErrorHandler {
  return {
    toServiceError: (thrown, place) => {
      if (thrown instanceof ServiceError) return thrown;
      const facts = factsOf(thrown);
      const { category, reason, message, remedy }: Verdict = verdicts[verdictOf(facts)];
      const retryAfterMs = retryAfter(facts.headers, options.clock.nowMs());
      const maxTokensAllowed = reason === 'max_tokens_too_large' ? namedLimit(facts.message) : undefined;
      return new ServiceError(category, message(describePlace(place)), {
        cause: thrown,
        ...(reason && { reason }),
        ...(remedy && { remedy }),
        ...('model' in place && { target: place }),
        ...(retryAfterMs !== undefined && { retryAfterMs }),
        ...(maxTokensAllowed !== undefined && { maxTokensAllowed }),
      });
    },
  };
}

/** The limit is the smallest number in the message: the other one is what was asked for. */
function namedLimit(message: string): number | undefined {
  const numbers = [...message.matchAll(/\b\d{2,9}\b/g)].map(([digits]) => Number(digits));
  return numbers.length === 0 ? undefined : Math.min(...numbers);
}

function describePlace(place: ErrorPlace): string {
  return 'model' in place ? `${invocationId(place)} in ${place.region}` : `Bedrock in ${place.region}`;
}

function factsOf(thrown: unknown): ErrorFacts {
  const error = record(thrown);
  const metadata = record(error['$metadata']);
  const response = record(error['$response']);
  const cause = record(error['cause']);
  const code = [error['code'], error['errno'], cause['code']].find((value) => typeof value === 'string');
  const status = [metadata['httpStatusCode'], response['statusCode']].find((value) => typeof value === 'number');
  return {
    name: normalName(error['name']),
    message: typeof error['message'] === 'string' ? error['message'].slice(0, 4_000) : '',
    code: typeof code === 'string' ? code : '',
    status: typeof status === 'number' ? status : undefined,
    headers: record(response['headers']),
  };
}

function record(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

/** `com.amazon#ThrottlingException:http://…` and `throttlingException` are both `throttling`. */
function normalName(name: unknown): string {
  if (typeof name !== 'string') return '';
  const bare = name.slice(name.lastIndexOf('#') + 1).split(':')[0] ?? '';
  return bare.toLowerCase().replace(/exception$/, '');
}

const ownErrors = new Set([
  '',
  'error',
  'typeerror',
  'rangeerror',
  'referenceerror',
  'aggregateerror',
  'assertionerror',
]);

function verdictOf(facts: ErrorFacts): VerdictName {
  const coarse = coarseVerdict(facts);
  return byMessage[coarse]?.find(([pattern]) => pattern.test(facts.message))?.[1] ?? coarse;
}

function coarseVerdict({ name, code, status }: ErrorFacts): VerdictName {
  if (name === 'syntaxerror') return unreadable(status);
  const named = Object.hasOwn(byName, name) ? byName[name] : undefined;
  if (named) return named;
  const coded = code && byCode.find(([prefix]) => code.startsWith(prefix))?.[1];
  if (coded) return coded;
  if (status !== undefined && status >= 300) return byStatus[status] ?? (status < 500 ? 'invalid' : 'serverFailed');
  // What is left came inside a stream under a name we do not know, or failed on reading an answer, or is our mistake.
  if (!ownErrors.has(name)) return 'unknownFailure';
  return status === undefined ? 'serverBug' : 'invalidAnswer';
}

/** A body that is no JSON: Bedrock's own when the status is a success, else a proxy's page. */
function unreadable(status: number | undefined): VerdictName {
  return status !== undefined && status >= 300 ? 'proxyAnswered' : 'invalidAnswer';
}

const longestRetryAfterMs = 86_400_000;

function retryAfter(headers: ErrorFacts['headers'], nowMs: number): number | undefined {
  const find = (name: string) => Object.entries(headers).find(([key]) => key.toLowerCase() === name)?.[1];
  const seconds = find('retry-after');
  const milliseconds = find('x-amz-retry-after');
  const waitMs = typeof seconds === 'string' ? secondsOrDate(seconds, nowMs) : Number(milliseconds ?? Number.NaN);
  return Number.isFinite(waitMs) && waitMs >= 0 ? Math.min(Math.ceil(waitMs), longestRetryAfterMs) : undefined;
}

function secondsOrDate(value: string, nowMs: number): number {
  return /^\s*\d+(\.\d+)?\s*$/.test(value) ? Number(value) * 1_000 : Math.max(0, Date.parse(value) - nowMs);
}
