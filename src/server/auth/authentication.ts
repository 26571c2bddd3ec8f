import type { Caller } from '../../core/pipeline.js';
import { type ApiKeys, apiKeyPrefix } from './api-keys.js';
import type { TokenIssuer } from './token-issuer.js';

/** How clients prove who they are. */
export interface Authentication {
  /**
   * Who sends the token; undefined for a token that opens nothing, whatever is wrong with it.
   * @throws ServiceError network when the identity provider cannot be asked.
   */
  identify(token: string): Promise<Caller | undefined>;
  /** Identity providers whose tokens are taken. */
  readonly issuers: readonly string[];
}

export interface AuthenticationParts {
  readonly apiKeys?: ApiKeys;
  readonly issuer?: TokenIssuer;
}

export function createAuthentication({ apiKeys, issuer }: AuthenticationParts): Authentication {
  return {
    issuers: issuer ? [issuer.url] : [],
    identify: async (token) => {
      if (token.startsWith(apiKeyPrefix)) return await apiKeys?.find(token);
      return await issuer?.verify(token);
    },
  };
}
