import { extname } from 'node:path';
import { TextDecoder } from 'node:util';
import type { MediaBlock, MediaKind } from '../../core/content-blocks.js';

/* What a file is, by its content; its name only tells apart what looks the same. */

type Format<Kind extends MediaKind> = Extract<MediaBlock, { type: Kind }>['format'];
export type FileKind = {
  readonly [Kind in MediaKind]: { readonly type: Kind; readonly format: Format<Kind> };
}[MediaKind];

const image = (format: Format<'image'>): FileKind => ({ type: 'image', format });
const document = (format: Format<'document'>): FileKind => ({ type: 'document', format });
const video = (format: Format<'video'>): FileKind => ({ type: 'video', format });
const audio = (format: Format<'audio'>): FileKind => ({ type: 'audio', format });

/** By the extension that belongs to the content, as the library names it. */
const kinds: Readonly<Record<string, FileKind>> = {
  png: image('png'),
  apng: image('png'),
  jpg: image('jpeg'),
  gif: image('gif'),
  webp: image('webp'),
  pdf: document('pdf'),
  docx: document('docx'),
  xlsx: document('xlsx'),
  mp4: video('mp4'),
  m4v: video('mp4'),
  mov: video('mov'),
  mkv: video('mkv'),
  webm: video('webm'),
  flv: video('flv'),
  mpg: video('mpeg'),
  wmv: video('wmv'),
  asf: video('wmv'),
  '3gp': video('three_gp'),
  mp3: audio('mp3'),
  wav: audio('wav'),
  m4a: audio('m4a'),
  aac: audio('aac'),
  flac: audio('flac'),
  ogg: audio('ogg'),
  oga: audio('ogg'),
  opus: audio('opus'),
};

/** The old formats of Office share a container. */
const officeKinds: Readonly<Record<string, FileKind>> = { '.doc': document('doc'), '.xls': document('xls') };
/** Text is text; the name says how it is meant. */
const textKinds: Readonly<Record<string, FileKind>> = {
  '.csv': document('csv'),
  '.htm': document('html'),
  '.html': document('html'),
  '.md': document('md'),
  '.markdown': document('md'),
};

/** What Bedrock can take the content as; undefined when it is nothing of that. */
export async function fileKind(bytes: Uint8Array, path: string): Promise<FileKind | undefined> {
  const { fileTypeFromBuffer } = await import('file-type');
  const extension = extname(path).toLowerCase();
  // A file made to mislead the library is a file of no known kind.
  const found = await fileTypeFromBuffer(bytes).catch(() => undefined);
  if (found?.ext === 'cfb') return officeKinds[extension];
  if (found !== undefined && found.ext !== 'xml') return kinds[found.ext];
  return isText(bytes) ? (textKinds[extension] ?? document('txt')) : undefined;
}

function isText(bytes: Uint8Array): boolean {
  if (bytes.includes(0)) return false;
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    return true;
  } catch {
    return false;
  }
}
