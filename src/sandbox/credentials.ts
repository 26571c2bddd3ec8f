import { z } from 'zod';

/** What callers have to sign with. Made for the sandbox; they open nothing else. */
export const sandboxCredentials = {
  accessKeyId: 'AKIASANDBOX000000000',
  secretAccessKey: 'sandbox-secret-access-key-0000000000000000',
  bearerToken: 'sandbox-bedrock-api-key',
} as const;

const credentialsSchema = z.strictObject({
  accessKeyId: z.string().min(1).max(128),
  secretAccessKey: z.string().min(1).max(256),
  /** When set, requests signed with this key must carry the token. */
  sessionToken: z.string().min(1).max(4_096).optional(),
  bearerToken: z.string().min(1).max(4_096).optional(),
});
export type SandboxCredentials = z.output<typeof credentialsSchema>;

export const credentialsChangeSchema = z
  .strictObject({
    /** Accepted from now on, also when its session had expired. */
    add: credentialsSchema.optional(),
    /** The access key id whose session, or the bearer token which, counts as expired from now on. */
    expire: z.string().min(1).max(4_096).optional(),
    /** The access key id that is not known any more. */
    remove: z.string().min(1).max(128).optional(),
  })
  .refine(({ add, expire, remove }) => add ?? expire ?? remove, 'give add, expire or remove');
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

  function change({ add, expire, remove }: CredentialsChange): void {
    if (remove !== undefined) keys.delete(remove);
    if (expire !== undefined && expired.size < most) expired.add(expire);
    if (add === undefined) return;
    if (keys.size < most) keys.set(add.accessKeyId, add);
    expired.delete(add.accessKeyId);
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
