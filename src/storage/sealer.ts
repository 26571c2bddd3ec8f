import { createCipheriv, createDecipheriv, createHash, createHmac, hkdfSync, randomBytes } from 'node:crypto';

const keyBytes = 32;
const idBytes = 4;
const ivBytes = 12;
const tagBytes = 16;
const headBytes = idBytes + ivBytes + tagBytes;

/** Encrypts what is kept outside of this process, with AES-256-GCM. */
export interface Sealer {
  /** Seals with the first key. `context` says what it is and whose: it opens under no other. */
  seal(plain: Buffer, context: string): Buffer;
  /** Undefined when it is damaged, was sealed for another context, or with a key that is not here. */
  open(sealed: Buffer, context: string): Buffer | undefined;
  /** Names that tell nothing of `text` to who has no key: one for each key, the newest first. */
  names(text: string): readonly [string, ...string[]];
}

interface Keys {
  readonly id: Buffer;
  readonly content: Buffer;
  readonly name: Buffer;
}

/**
 * The first key seals, all of them open: a new key is put before the old one, which is taken out when nothing sealed
 * with it is left. `purpose` separates the parts of the program, so that none can open what another sealed.
 * Sealed form: id of the key, IV, tag, cipher text.
 */
export function createSealer(secrets: readonly [Buffer, ...Buffer[]], purpose: string): Sealer {
  const [first, ...others] = secrets;
  const newest = keysOf(first, purpose);
  const all = [newest, ...others.map((secret) => keysOf(secret, purpose))];
  const [, ...older] = all;
  return {
    seal: (plain, context) => {
      const iv = randomBytes(ivBytes);
      const cipher = createCipheriv('aes-256-gcm', newest.content, iv).setAAD(Buffer.from(context));
      const text = Buffer.concat([cipher.update(plain), cipher.final()]);
      return Buffer.concat([newest.id, iv, cipher.getAuthTag(), text]);
    },
    open: (sealed, context) => {
      const keys = all.find(({ id }) => id.equals(sealed.subarray(0, idBytes)));
      return keys && sealed.length >= headBytes ? unseal(sealed, keys.content, context) : undefined;
    },
    names: (text) => [nameOf(newest, text), ...older.map((keys) => nameOf(keys, text))],
  };
}

function unseal(sealed: Buffer, key: Buffer, context: string): Buffer | undefined {
  const iv = sealed.subarray(idBytes, idBytes + ivBytes);
  const decipher = createDecipheriv('aes-256-gcm', key, iv, { authTagLength: tagBytes });
  decipher.setAAD(Buffer.from(context)).setAuthTag(sealed.subarray(idBytes + ivBytes, headBytes));
  try {
    return Buffer.concat([decipher.update(sealed.subarray(headBytes)), decipher.final()]);
  } catch {
    return undefined;
  }
}

function keysOf(secret: Buffer, purpose: string): Keys {
  const derived = (use: string) =>
    Buffer.from(hkdfSync('sha256', secret, '', `kairos-bedrock ${purpose} ${use}`, keyBytes));
  const id = createHash('sha256').update(derived('id')).digest().subarray(0, idBytes);
  return { id, content: derived('content'), name: derived('name') };
}

const nameOf = ({ name }: Keys, text: string): string => createHmac('sha256', name).update(text).digest('hex');

/** The bytes of a key given as 64 hexadecimal digits or as base64 of 32 bytes; undefined for any other text. */
export function readKey(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, /^[0-9a-f]{64}$/i.test(text) ? 'hex' : 'base64');
  return bytes.length === keyBytes ? bytes : undefined;
}
