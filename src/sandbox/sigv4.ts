import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { isRefusal, type Refusal, refuse } from './aws-error.js';
import type { CredentialStore, SandboxCredentials } from './credentials.js';

/** What of a request is signed. `path` is as it was sent, still encoded; header names are in small letters. */
interface SignedRequest {
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

/** Who signed. A bearer token names no region. */
interface Signer {
  readonly accessKeyId: string;
  readonly region?: string;
}

interface Scope {
  readonly accessKeyId: string;
  readonly date: string;
  readonly region: string;
  readonly service: string;
}

interface Authorization {
  readonly scope: Scope;
  readonly signedHeaders: readonly string[];
  readonly signature: string;
}

const algorithm = 'AWS4-HMAC-SHA256';
const service = 'bedrock';
const allowedSkewMs = 5 * 60_000;
const mostDerivedKeys = 256;

const sha256 = (data: string | Uint8Array): string => createHash('sha256').update(data).digest('hex');
const hmac = (key: string | Buffer, data: string): Buffer => createHmac('sha256', key).update(data).digest();

/** RFC 3986: everything but letters, digits and `-._~`. */
function escapeUri(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);
}

/** The path is encoded a second time, as every service but S3 wants it. */
const canonicalPath = (path: string): string => path.split('/').map(escapeUri).join('/');

function canonicalQuery(query: string): string {
  return [...new URLSearchParams(query)]
    .map(([name, value]) => `${escapeUri(name)}=${escapeUri(value)}`)
    .sort()
    .join('&');
}

function canonicalRequest(request: SignedRequest, signedHeaders: readonly string[]): string {
  const headers = signedHeaders.map((name) => `${name}:${(request.headers[name] ?? '').trim().replace(/\s+/g, ' ')}\n`);
  return [
    request.method,
    canonicalPath(request.path),
    canonicalQuery(request.query),
    headers.join(''),
    signedHeaders.join(';'),
    sha256(request.body),
  ].join('\n');
}

function parseAuthorization(header: string): Authorization | Refusal {
  const field = (name: string) => new RegExp(`${name}=([^,\\s]+)`).exec(header)?.[1];
  const [credential, signed, signature] = [field('Credential'), field('SignedHeaders'), field('Signature')];
  if (!credential || !signed || !signature) {
    return refuse(
      'IncompleteSignature',
      "Authorization header requires 'Credential', 'SignedHeaders' and 'Signature'.",
    );
  }
  const [accessKeyId, date, region, scopeService, end] = credential.split('/');
  if (!accessKeyId || !date || !region || !scopeService || end !== 'aws4_request') {
    return refuse('IncompleteSignature', `Credential must have exactly 5 slash-delimited elements.`);
  }
  return { scope: { accessKeyId, date, region, service: scopeService }, signedHeaders: signed.split(';'), signature };
}

/** Milliseconds since 1970 of an `X-Amz-Date` such as 20261122T101500Z; NaN when it is none. */
function parseAmzDate(value: string): number {
  const match = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(value);
  if (!match) return Number.NaN;
  const [, year, month, day, hour, minute, second] = match;
  return Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
}

const amzDate = (ms: number): string => new Date(ms).toISOString().replace(/[-:]|\.\d{3}/g, '');

function skewRefusal(sent: string, nowMs: number): Refusal | undefined {
  const sentMs = parseAmzDate(sent);
  if (Number.isNaN(sentMs))
    return refuse('IncompleteSignature', "Authorization header requires existence of 'X-Amz-Date'.");
  const now = amzDate(nowMs);
  if (sentMs < nowMs - allowedSkewMs) {
    const limit = amzDate(nowMs - allowedSkewMs);
    return refuse(
      'InvalidSignatureException',
      `Signature expired: ${sent} is now earlier than ${limit} (${now} - 5 min.)`,
    );
  }
  if (sentMs > nowMs + allowedSkewMs) {
    const limit = amzDate(nowMs + allowedSkewMs);
    return refuse(
      'InvalidSignatureException',
      `Signature not yet current: ${sent} is still later than ${limit} (${now} + 5 min.)`,
    );
  }
  return undefined;
}

function scopeRefusal(
  { service: named, date }: Scope,
  sent: string,
  signedHeaders: readonly string[],
): Refusal | undefined {
  if (named !== service) {
    return refuse('InvalidSignatureException', `Credential should be scoped to correct service: '${service}'.`);
  }
  if (!sent.startsWith(date)) {
    return refuse(
      'InvalidSignatureException',
      'Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date.',
    );
  }
  if (!signedHeaders.includes('host') && !signedHeaders.includes(':authority')) {
    return refuse('InvalidSignatureException', "'Host' must be a 'SignedHeader' in the AWS Authorization.");
  }
  return undefined;
}

/** Derived signing keys by secret and scope; deriving one costs four HMACs. */
function createKeyCache(): (secret: string, scope: Scope) => Buffer {
  const keys = new Map<string, Buffer>();
  return (secret, { date, region }) => {
    const name = `${secret}/${date}/${region}`;
    const known = keys.get(name);
    if (known) return known;
    const key = [date, region, service, 'aws4_request'].reduce<string | Buffer>(hmac, `AWS4${secret}`) as Buffer;
    if (keys.size >= mostDerivedKeys) keys.clear();
    keys.set(name, key);
    return key;
  };
}

function sameText(left: string, right: string): boolean {
  return left.length === right.length && timingSafeEqual(Buffer.from(left), Buffer.from(right));
}

function tokenRefusal(entry: SandboxCredentials, sentToken: string | undefined): Refusal | undefined {
  return entry.sessionToken === sentToken ? undefined : refuse('UnrecognizedClientException');
}

export interface SignatureVerifier {
  verify(request: SignedRequest, nowMs: number): Signer | Refusal;
}

/** Checks AWS Signature Version 4 and bearer tokens against the store, and refuses as AWS does. */
export function createSignatureVerifier(store: CredentialStore): SignatureVerifier {
  const signingKey = createKeyCache();

  function verifyBearer(token: string): Signer | Refusal {
    if (store.isExpired(token)) return refuse('AccessDeniedException', 'Bearer Token has expired');
    if (store.knowsBearer(token)) return { accessKeyId: 'bearer' };
    return refuse('AccessDeniedException', 'Authentication failed: Please make sure your API Key is valid.');
  }

  function verifySignature(request: SignedRequest, header: string, nowMs: number): Signer | Refusal {
    const authorization = parseAuthorization(header);
    if (isRefusal(authorization)) return authorization;
    const { scope, signedHeaders, signature } = authorization;
    const entry = store.find(scope.accessKeyId);
    if (!entry) return refuse('UnrecognizedClientException');
    if (store.isExpired(scope.accessKeyId)) return refuse('ExpiredTokenException');
    const sent = request.headers['x-amz-date'] ?? '';
    const refusal =
      tokenRefusal(entry, request.headers['x-amz-security-token']) ??
      skewRefusal(sent, nowMs) ??
      scopeRefusal(scope, sent, signedHeaders);
    if (refusal) return refusal;
    const scopeText = `${scope.date}/${scope.region}/${service}/aws4_request`;
    const toSign = [algorithm, sent, scopeText, sha256(canonicalRequest(request, signedHeaders))].join('\n');
    const expected = hmac(signingKey(entry.secretAccessKey, scope), toSign).toString('hex');
    if (!sameText(expected, signature)) return refuse('InvalidSignatureException');
    return { accessKeyId: scope.accessKeyId, region: scope.region };
  }

  return {
    verify: (request, nowMs) => {
      const header = request.headers['authorization'];
      if (!header) return refuse('MissingAuthenticationToken');
      if (header.startsWith('Bearer ')) return verifyBearer(header.slice('Bearer '.length).trim());
      if (!header.startsWith(`${algorithm} `)) return refuse('IncompleteSignature', 'Unsupported authorization type.');
      return verifySignature(request, header, nowMs);
    },
  };
}
