import { callerKey } from '../core/caller-key.js';
import type { Session } from '../core/sessions.js';

/** The keys of all who may see a session. */
export function memberKeys({ owner, sharedWith }: Session): readonly string[] {
  return [owner.id, ...sharedWith].map((id) => callerKey({ id, tenant: owner.tenant }));
}
