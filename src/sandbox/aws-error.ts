/** An answer that AWS would give instead of a result. Returned, not thrown: refusing is what the sandbox is for. */
export interface Refusal {
  readonly refused: true;
  readonly name: AwsErrorName;
  readonly status: number;
  readonly message: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Members of the error body beside `message`. */
  readonly details?: Readonly<Record<string, unknown>>;
}

interface ErrorKind {
  readonly status: number;
  readonly message: string;
  readonly details?: Readonly<Record<string, unknown>>;
}

/** Every error name the service or the gateways before it are known to answer with, and what they say by default. */
export const awsErrors = {
  ThrottlingException: { status: 429, message: 'Too many requests, please wait before trying again.' },
  ModelNotReadyException: {
    status: 429,
    message: 'Model is not ready for inference. Wait and try your request again.',
  },
  ServiceUnavailableException: { status: 503, message: 'Bedrock is unable to process your request.' },
  InternalServerException: {
    status: 500,
    message: 'The system encountered an unexpected error during processing. Try your request again.',
  },
  ModelTimeoutException: {
    status: 408,
    message: 'Model has timed out in processing the request. Try your request again.',
  },
  ModelErrorException: {
    status: 424,
    message: 'The system encountered an unexpected error during processing. Try your request again.',
    details: { originalStatusCode: 500, resourceName: 'sandbox-model' },
  },
  ModelStreamErrorException: {
    status: 424,
    message: 'The model stream ended with an error.',
    details: { originalStatusCode: 500, originalMessage: 'sandbox stream failure' },
  },
  ValidationException: { status: 400, message: 'The request is not valid.' },
  AccessDeniedException: { status: 403, message: "You don't have access to the model with the specified model ID." },
  ResourceNotFoundException: { status: 404, message: 'The resource you requested was not found.' },
  ServiceQuotaExceededException: { status: 400, message: 'Your request exceeds the service quota for your account.' },
  ConflictException: { status: 400, message: 'The request conflicts with the state of the resource.' },
  ExpiredTokenException: { status: 403, message: 'The security token included in the request is expired' },
  ExpiredToken: { status: 403, message: 'The provided token has expired.' },
  RequestExpired: { status: 403, message: 'Request has expired.' },
  UnrecognizedClientException: { status: 403, message: 'The security token included in the request is invalid.' },
  InvalidClientTokenId: { status: 403, message: 'The security token included in the request is invalid.' },
  InvalidSignatureException: {
    status: 403,
    message:
      'The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.',
  },
  SignatureDoesNotMatch: {
    status: 403,
    message: 'The request signature we calculated does not match the signature you provided.',
  },
  RequestTimeTooSkewed: {
    status: 403,
    message: 'The difference between the request time and the current time is too large.',
  },
  IncompleteSignature: { status: 400, message: 'Authorization header is not complete.' },
  MissingAuthenticationToken: { status: 403, message: 'Missing Authentication Token' },
  NotAuthorized: { status: 400, message: 'You do not have permission to perform this action.' },
  OptInRequired: { status: 403, message: 'The AWS access key ID needs a subscription for the service.' },
  FTUFormNotFilled: {
    status: 404,
    message:
      'Model use case details have not been submitted for this account. Fill out the Anthropic use case details form before using the model.',
  },
  UnknownOperationException: { status: 404, message: 'The requested operation is not recognized by the service.' },
  RequestEntityTooLargeException: { status: 413, message: 'Request body is larger than the service accepts.' },
} as const satisfies Record<string, ErrorKind>;

export type AwsErrorName = keyof typeof awsErrors;

/** The error `name` with AWS's status, and its default wording unless `message` is given. */
export function refuse(name: AwsErrorName, message?: string, headers?: Record<string, string>): Refusal {
  const kind: ErrorKind = awsErrors[name];
  return {
    refused: true,
    name,
    status: kind.status,
    message: message ?? kind.message,
    ...(kind.details ? { details: kind.details } : {}),
    ...(headers ? { headers } : {}),
  };
}

export const invalid = (message: string): Refusal => refuse('ValidationException', message);

export function isRefusal(value: unknown): value is Refusal {
  return typeof value === 'object' && value !== null && 'refused' in value;
}
