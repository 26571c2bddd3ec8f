import { z } from 'zod';

/** What callers have to sign with. Made for the sandbox; they open nothing else. */
export const sandboxCredentials = {
  accessKeyId: 'AKIASANDBOX000000000',
  secretAccessKey: 'sandbox-secret-access-key-0000000000000000',
  bearerToken: 'sandbox-bedrock-api-key',
} as const;

export const credentialsSchema = z.strictObject({
  accessKeyId: z.string().min(1).max(128),
  secretAccessKey: z.string().min(1).max(256),
  /** When set, requests signed with this key must carry the token. */
  sessionToken: z.string().min(1).max(4_096).optional(),
  bearerToken: z.string().min(1).max(4_096).optional(),
});
export type SandboxCredentials = z.output<typeof credentialsSchema>;

export const credentialsChangeSchema = z.union([
  z.strictObject({ add: credentialsSchema }),
  /** The access key id whose session, or the bearer token which, is to count as expired from now on. */
  z.strictObject({ expire: z.string().min(1).max(4_096) }),
  z.strictObject({ remove: z.string().min(1).max(128) }),
]);
export type CredentialsChange = z.output<typeof credentialsChangeSchema>;

export interface CredentialStore {
  find(accessKeyId: string): SandboxCredentials | undefined;
  knowsBearer(token: string): boolean;
  isExpired(keyOrToken: string): boolean;
  change(change: CredentialsChange): void;
  /** Back to the credentials of the start. */
  reset(): void;
}

const most = 1_000;

export function createCredentialStore(initial: SandboxCredentials): CredentialStore {
  const keys = new Map([[initial.accessKeyId, initial]]);
  const expired = new Set<string>();

  function change(order: CredentialsChange): void {
    if ('add' in order) {
      if (keys.size < most) keys.set(order.add.accessKeyId, order.add);
      expired.delete(order.add.accessKeyId);
    } else if ('expire' in order) {
      if (expired.size < most) expired.add(order.expire);
    } else {
      keys.delete(order.remove);
    }
  }

  return {
    find: (accessKeyId) => keys.get(accessKeyId),
    knowsBearer: (token) => [...keys.values()].some((entry) => entry.bearerToken === token),
    isExpired: (keyOrToken) => expired.has(keyOrToken),
    change,
    reset: () => {
      keys.clear();
      expired.clear();
      keys.set(initial.accessKeyId, initial);
    },
  };
}
