import type { Sealer } from './sealer.js';

/** Text as it lies in a store that others may read: sealed where there is a key, else as it is. */
export interface SealedText {
  /** `context` says what it is and whose; it opens under no other. */
  seal(text: string, context: string): string;
  /** Undefined when it cannot be opened: damaged, of another context, or sealed with a key that is not here. */
  open(stored: string, context: string): string | undefined;
}

export function createSealedText(sealer: Sealer | undefined): SealedText {
  if (!sealer) {
    return {
      seal: (text) => `plain:${text}`,
      open: (stored) => (stored.startsWith('plain:') ? stored.slice('plain:'.length) : undefined),
    };
  }
  return {
    seal: (text, context) => `sealed:${sealer.seal(Buffer.from(text), context).toString('base64')}`,
    open: (stored, context) => {
      if (!stored.startsWith('sealed:')) return undefined;
      return sealer.open(Buffer.from(stored.slice('sealed:'.length), 'base64'), context)?.toString();
    },
  };
}
