import { z } from 'zod';
import { optional, required } from './define-setting.js';
import { anything, choice, flag, httpUrl, list, text, word } from './fields.js';

const regionName = text('an AWS region such as us-east-1', /^[a-z]{2,4}(-[a-z]{2,12}){1,3}-\d{1,2}$/);

/** Who this server is to AWS, where it calls, and how. */
export const aws = z.strictObject({
  region: required(
    regionName,
    'us-east-1',
    { variable: 'AWS_BEDROCK_REGION', alternatives: ['AWS_REGION', 'AWS_DEFAULT_REGION'] },
    'AWS region that is called first.',
  ),
  regions: optional(
    list(regionName),
    { variable: 'BEDROCK_REGIONS', defaultText: 'the region above' },
    'Regions over which calls may be spread; without AWS_BEDROCK_REGION the first one is called first.',
  ),
  accessKeyId: optional(
    text('an AWS access key id', /^\w{16,128}$/),
    { variable: 'AWS_BEDROCK_ACCESS_KEY_ID', secret: 'value', defaultText: 'the standard AWS chain' },
    'AWS access key for Bedrock only; goes before the standard AWS chain.',
  ),
  secretAccessKey: optional(
    word,
    { variable: 'AWS_BEDROCK_SECRET_ACCESS_KEY', secret: 'value' },
    'Belongs to AWS_BEDROCK_ACCESS_KEY_ID.',
  ),
  sessionToken: optional(
    word,
    { variable: 'AWS_BEDROCK_SESSION_TOKEN', secret: 'value' },
    'Session token, when the access key is a temporary one.',
  ),
  roleArn: optional(
    text('the ARN of an IAM role', /^arn:aws[a-z-]*:iam::\d{12}:role\/[\w+=,.@/-]{1,512}$/),
    { variable: 'AWS_BEDROCK_ROLE_ARN' },
    'IAM role that is assumed, with the credentials found, for calls to Bedrock.',
  ),
  roleExternalId: optional(
    text('an external id', /^[\w+=,.@:/-]{2,1224}$/),
    { variable: 'AWS_BEDROCK_ROLE_EXTERNAL_ID' },
    'External id that the role of AWS_BEDROCK_ROLE_ARN asks for.',
  ),
  profile: optional(anything, { variable: 'AWS_PROFILE' }, 'Profile of the shared AWS configuration files.'),
  bearerToken: optional(
    word,
    { variable: 'AWS_BEARER_TOKEN_BEDROCK', secret: 'value' },
    'Bedrock API key, used in place of an access key.',
  ),
  endpointRuntime: optional(
    httpUrl,
    {
      variable: 'AWS_ENDPOINT_URL_BEDROCK_RUNTIME',
      alternatives: ['AWS_ENDPOINT_URL'],
      secret: 'credentials',
      defaultText: "AWS's own",
    },
    'Endpoint of model calls, for VPC endpoints and proxies.',
  ),
  endpointControl: optional(
    httpUrl,
    {
      variable: 'AWS_ENDPOINT_URL_BEDROCK',
      alternatives: ['AWS_ENDPOINT_URL'],
      secret: 'credentials',
      defaultText: "AWS's own",
    },
    'Endpoint of the control plane (lists of models and profiles).',
  ),
  fips: required(
    flag,
    false,
    { variable: 'AWS_USE_FIPS_ENDPOINT' },
    "Uses AWS's FIPS endpoints; not together with an endpoint of your own.",
  ),
  dualStack: required(
    flag,
    false,
    { variable: 'AWS_USE_DUALSTACK_ENDPOINT' },
    "Uses AWS's endpoints that have IPv6 too; not together with an endpoint of your own.",
  ),
  proxy: optional(
    httpUrl,
    { variable: 'HTTPS_PROXY', alternatives: ['https_proxy'], secret: 'credentials' },
    'Proxy through which https endpoints of AWS are reached.',
  ),
  noProxy: optional(
    anything,
    { variable: 'NO_PROXY', alternatives: ['no_proxy'] },
    'Hosts reached without the proxy, separated by commas: a name, .domain or *.',
  ),
  allowedGeographies: optional(
    list(text('a profile prefix such as us, eu or global', /^[a-z][a-z-]{1,15}$/)),
    { variable: 'BEDROCK_ALLOWED_GEOGRAPHIES', defaultText: 'those the regions lie in' },
    'Geographies in which a cross-region profile may process data (us, eu …); global only when it is listed.',
  ),
  nativeFormats: required(
    choice('never', 'fallback', 'always'),
    'fallback',
    { variable: 'BEDROCK_NATIVE_FORMATS' },
    'When models are asked in their own format through InvokeModel: never, where Converse cannot do it, or always.',
  ),
  tlsMinVersion: required(
    choice('TLSv1.2', 'TLSv1.3'),
    'TLSv1.3',
    { variable: 'BEDROCK_TLS_MIN_VERSION' },
    'Lowest TLS version accepted from AWS; lower it only for a proxy that cannot do better.',
  ),
});
