/** What training writes and the classifier reads; numbers are kept as text so that the file is plain source. */
export interface ClassifierWeights {
  readonly bucketBits: number;
  /** Base64 of int8, bucket-major, one value a task. */
  readonly hashed: string;
  /** One step of the int8 values. */
  readonly hashedStep: number;
  /** Base64 of little-endian float32, feature-major, one value a task. */
  readonly dense: string;
  readonly bias: readonly number[];
  /** Divides the logits, so that a confidence of 0.8 is right four times in five. */
  readonly temperature: number;
}

export function encodeBytes(values: Int8Array | Float32Array): string {
  return Buffer.from(values.buffer, values.byteOffset, values.byteLength).toString('base64');
}

export function decodeInt8(text: string): Int8Array {
  return new Int8Array(Buffer.from(text, 'base64'));
}

export function decodeFloat32(text: string): Float32Array {
  const bytes = Buffer.from(text, 'base64');
  return Float32Array.from({ length: bytes.length / 4 }, (_, index) => bytes.readFloatLE(index * 4));
}
