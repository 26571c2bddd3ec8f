import { homedir } from 'node:os';
import { join } from 'node:path';
import { ServiceError } from '../core/errors.js';
import type { SdkHandler } from './sdk-handler.js';

export interface AwsCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
  /** When they end; without it they hold until AWS refuses them. */
  readonly expiration?: Date;
}

export interface CredentialOptions {
  /** AWS_BEDROCK_ACCESS_KEY_ID and AWS_BEDROCK_SECRET_ACCESS_KEY: they win over everything else. */
  readonly accessKeyId?: string;
  readonly secretAccessKey?: string;
  readonly sessionToken?: string;
  /** AWS_BEARER_TOKEN_BEDROCK. */
  readonly bearerToken?: string;
  readonly profile?: string;
  /** For the chain's own calls to STS and SSO. */
  readonly region?: string;
  /** AWS_BEDROCK_ROLE_ARN: assumed with the credentials of the source, and used in their place. */
  readonly roleArn?: string;
  readonly roleExternalId?: string;
  /** How STS and SSO are reached; by default as the SDK does it. */
  readonly handler?: () => Promise<SdkHandler>;
}

type LoadedCredentials = AwsCredentials & { readonly $source?: object };

export interface CredentialSource {
  /** In words, never a secret. */
  readonly name: string;
  /** What it reads may change while the server runs. */
  readonly readsFiles: boolean;
  load(): Promise<LoadedCredentials>;
}

const sessionName = 'kairos-bedrock-mcp';

/** Whether calls carry the Bedrock API key: keys and a role that were set for this server go before it. */
export function usesBearer({ accessKeyId, roleArn, bearerToken }: CredentialOptions): boolean {
  return bearerToken !== undefined && accessKeyId === undefined && roleArn === undefined;
}

/** @throws ServiceError authentication when only one half of a key pair is given. */
export function chooseSource(options: CredentialOptions): CredentialSource {
  const source = baseSource(options);
  const { roleArn } = options;
  if (roleArn === undefined) return source;
  return {
    name: `role ${roleArn.slice(roleArn.lastIndexOf('/') + 1)}, assumed with: ${source.name}`,
    readsFiles: source.readsFiles,
    load: async () => assumeRole(roleArn, await source.load(), options),
  };
}

function baseSource(options: CredentialOptions): CredentialSource {
  const { accessKeyId, secretAccessKey, sessionToken, profile } = options;
  if (accessKeyId !== undefined || secretAccessKey !== undefined) {
    if (!accessKeyId || !secretAccessKey) throw halfPair(accessKeyId ? 'SECRET_ACCESS_KEY' : 'ACCESS_KEY_ID');
    const pair = { accessKeyId, secretAccessKey, ...(sessionToken && { sessionToken }) };
    return { name: 'AWS_BEDROCK_ACCESS_KEY_ID', readsFiles: false, load: () => Promise.resolve(pair) };
  }
  // A bearer token is not signed with; the SDK asks for credentials all the same and throws these away.
  if (usesBearer(options)) {
    const unused = { accessKeyId: 'bearer', secretAccessKey: 'bearer' };
    return { name: 'AWS_BEARER_TOKEN_BEDROCK', readsFiles: false, load: () => Promise.resolve(unused) };
  }
  const name = profile === undefined ? 'default chain' : `profile ${profile}`;
  return { name, readsFiles: true, load: () => loadFromChain(options) };
}

/** The chain is built anew each time, because it memoises and would never see a rotated file. */
async function loadFromChain(options: CredentialOptions): Promise<LoadedCredentials> {
  const { defaultProvider } = await import('@aws-sdk/credential-provider-node');
  const { profile } = options;
  return withHandler(options, async (clientConfig) => {
    const provider = defaultProvider({
      ignoreCache: true,
      ...(profile !== undefined && { profile }),
      clientConfig,
    });
    return provider();
  });
}

async function assumeRole(
  RoleArn: string,
  source: AwsCredentials,
  options: CredentialOptions,
): Promise<LoadedCredentials> {
  const { getDefaultRoleAssumer } = await import('@aws-sdk/nested-clients/sts');
  const { roleExternalId } = options;
  return withHandler(options, (clientConfig) =>
    getDefaultRoleAssumer(clientConfig)(source, {
      RoleArn,
      RoleSessionName: sessionName,
      ...(roleExternalId !== undefined && { ExternalId: roleExternalId }),
    }),
  );
}

interface ClientConfig {
  readonly region?: string;
  readonly requestHandler?: SdkHandler;
}

/** Loads are rare, so the connections of one are closed after it. */
async function withHandler<Result>(
  { region, handler }: CredentialOptions,
  use: (config: ClientConfig) => Promise<Result>,
): Promise<Result> {
  const requestHandler = await handler?.();
  try {
    return await use({ ...(region !== undefined && { region }), ...(requestHandler && { requestHandler }) });
  } finally {
    requestHandler?.destroy();
  }
}

/** The files that the chain may read, wherever the environment puts them. Each may be absent. */
export function credentialFiles(env: Readonly<Record<string, string | undefined>>): readonly string[] {
  const home = env['HOME'] ?? env['USERPROFILE'] ?? homedir();
  const optional = [env['AWS_WEB_IDENTITY_TOKEN_FILE'], env['AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE']];
  return [
    env['AWS_SHARED_CREDENTIALS_FILE'] || join(home, '.aws', 'credentials'),
    env['AWS_CONFIG_FILE'] || join(home, '.aws', 'config'),
    ...optional.filter((path) => path !== undefined && path !== ''),
  ] as readonly string[];
}

/** What the SDK calls the members of its chain, in words. */
const chainMembers: readonly (readonly [key: string, words: string])[] = [
  ['CREDENTIALS_STS_ASSUME_ROLE_WEB_ID', 'web identity token'],
  ['CREDENTIALS_STS_ASSUME_ROLE', 'assumed role'],
  ['CREDENTIALS_SSO', 'single sign-on'],
  ['CREDENTIALS_PROCESS', 'credential process'],
  ['CREDENTIALS_HTTP', 'container role'],
  ['CREDENTIALS_IMDS', 'instance role'],
  ['CREDENTIALS_PROFILE', 'shared credentials file'],
  // Last, because what other members found by way of the environment is marked so as well.
  ['CREDENTIALS_ENV_VARS', 'AWS_ACCESS_KEY_ID'],
];

/** Which member of the chain had the credentials, in words in parentheses; empty when it is not known. */
export function foundWhere($source: object | undefined): string {
  const member = chainMembers.find(([key]) => Object.keys($source ?? {}).some((name) => name.startsWith(key)));
  return member ? ` (${member[1]})` : '';
}

function halfPair(missing: string): ServiceError {
  return new ServiceError('authentication', 'Only one half of the AWS key pair is set.', {
    reason: 'credentials_missing',
    remedy: `Set AWS_BEDROCK_${missing} too, or unset its partner.`,
  });
}
