import { basename, extname } from 'node:path';
import type { FileBlock } from '../../core/content-blocks.js';
import { ServiceError } from '../../core/errors.js';
import type { Stage } from '../../core/pipeline.js';
import type { ContentBlock, Message, ModelRequest } from '../../core/request.js';
import { type AllowedFiles, type AllowedFilesOptions, createAllowedFiles } from './allowed-files.js';
import { fileKind } from './file-kinds.js';

/** Puts the content of the files that a request names in their place. @throws ServiceError validation. */
export type FileReader = (request: ModelRequest) => Promise<ModelRequest>;

/** As many as one message may hold attachments at all. */
const mostFiles = 40;

export interface FileReaderOptions extends AllowedFilesOptions {
  /** Of all files of a request together: what is more would be refused after it was read. */
  readonly maxRequestBytes: number;
}

export function createFileReader({ maxRequestBytes, ...options }: FileReaderOptions): FileReader {
  return async (request) => {
    const named = request.messages.flatMap(({ content }) =>
      typeof content === 'string' ? [] : content.filter(isFile),
    );
    if (named.length === 0) return request;
    if (named.length > mostFiles) {
      throw new ServiceError('validation', `The request names ${named.length} files; the limit is ${mostFiles}.`);
    }
    const files = withinTotal(createAllowedFiles(options), maxRequestBytes);
    const messages: Message[] = [];
    for (const [index, message] of request.messages.entries()) messages.push(await withFiles(message, index, files));
    return { ...request, messages };
  };
}

/** First of all: what the files hold is checked, kept and priced like everything else. */
export function createFileStage(read: FileReader): Stage<ModelRequest> {
  return (next) => async (request, context) => next(await read(request), context);
}

function withinTotal(files: AllowedFiles, maxBytes: number): AllowedFiles {
  let total = 0;
  return {
    read: async (path, where) => {
      const bytes = await files.read(path, where);
      total += bytes.length;
      if (total <= maxBytes) return bytes;
      const message = `The files of the request are together larger than ${maxBytes} bytes (BEDROCK_MAX_REQUEST_BYTES).`;
      throw new ServiceError('validation', message, {
        reason: 'file_too_large',
        remedy: 'Give fewer or smaller files.',
      });
    },
  };
}

const isFile = (block: ContentBlock): block is FileBlock => block.type === 'file';

async function withFiles(message: Message, index: number, files: AllowedFiles): Promise<Message> {
  if (typeof message.content === 'string') return message;
  const content: ContentBlock[] = [];
  for (const [position, block] of message.content.entries()) {
    const where = `messages[${index}].content[${position}]`;
    content.push(isFile(block) ? await blockOf(block, where, files) : block);
  }
  return { ...message, content };
}

async function blockOf({ path, name }: FileBlock, where: string, files: AllowedFiles): Promise<ContentBlock> {
  const bytes = await files.read(path, where);
  const kind = await fileKind(bytes, path);
  if (kind === undefined) throw unknownKind(where);
  const data = bytes.toString('base64');
  if (kind.type !== 'document') return { ...kind, data };
  const own = basename(path, extname(path)).slice(0, 200);
  return { ...kind, data, name: name ?? (own === '' ? 'document' : own) };
}

function unknownKind(where: string): ServiceError {
  return new ServiceError('validation', `The file of \`${where}.path\` is of no kind that Bedrock takes.`, {
    reason: 'file_kind_unknown',
    remedy:
      'Images: png, jpeg, gif, webp. Documents: pdf, doc, docx, xls, xlsx, csv, html, md, plain text in UTF-8. ' +
      'Video: mp4, mov, mkv, webm, flv, mpeg, wmv, 3gp. Audio: mp3, wav, m4a, aac, flac, ogg, opus.',
  });
}
