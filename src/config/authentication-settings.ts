import { z } from 'zod';
import { optional, required } from './define-setting.js';
import { anything, httpUrl, text, word } from './fields.js';

const claim = text('the name of a claim', /^[\w.:/-]{1,256}$/);

/** Who may use the HTTP transport. */
export const authentication = z.strictObject({
  apiKeysFile: optional(
    anything,
    { variable: 'BEDROCK_API_KEYS_FILE', defaultText: 'none' },
    'File of API keys that open the HTTP transport, made with `kairos-bedrock-mcp keys add`.',
  ),
  oidcIssuer: optional(
    httpUrl,
    { variable: 'BEDROCK_OIDC_ISSUER', defaultText: 'none' },
    'OpenID Connect issuer whose access tokens open the HTTP transport, as in their `iss` claim.',
  ),
  oidcAudience: optional(
    word,
    { variable: 'BEDROCK_OIDC_AUDIENCE', defaultText: 'none' },
    'What the `aud` claim of those tokens must name: this server.',
  ),
  oidcTenantClaim: required(
    claim,
    'tenant',
    { variable: 'BEDROCK_OIDC_TENANT_CLAIM' },
    'Claim with the tenant, within which cached answers are shared; without it each subject is alone.',
  ),
  oidcGroupsClaim: required(
    claim,
    'groups',
    { variable: 'BEDROCK_OIDC_GROUPS_CLAIM' },
    'Claim with the list of groups of the caller.',
  ),
  publicUrl: optional(
    httpUrl,
    { variable: 'BEDROCK_PUBLIC_URL', defaultText: 'from the Host header' },
    'Where clients reach this server (https://bedrock.example) when a proxy stands in front of it.',
  ),
});

const loopback = /^(localhost|127(\.\d{1,3}){3}|::1|\[::1\])$/i;

/** [is wrong, variable, problem] for settings that are right alone and wrong together. */
export function authenticationProblems(
  { apiKeysFile, oidcIssuer, oidcAudience }: z.output<typeof authentication>,
  host: string,
): readonly (readonly [boolean, string, string])[] {
  const isOpen = apiKeysFile === undefined && oidcIssuer === undefined;
  const { protocol, hostname } = new URL(oidcIssuer ?? 'https://none');
  return [
    [
      isOpen && !loopback.test(host),
      'BEDROCK_HTTP_HOST',
      `is ${JSON.stringify(host)}, which other machines reach: that needs BEDROCK_API_KEYS_FILE or BEDROCK_OIDC_ISSUER`,
    ],
    [
      (oidcIssuer === undefined) !== (oidcAudience === undefined),
      oidcIssuer === undefined ? 'BEDROCK_OIDC_ISSUER' : 'BEDROCK_OIDC_AUDIENCE',
      'is missing: tokens are taken from one issuer, for one audience',
    ],
    [
      protocol !== 'https:' && !loopback.test(hostname),
      'BEDROCK_OIDC_ISSUER',
      'must start with https://, because its keys are read from there',
    ],
  ];
}
