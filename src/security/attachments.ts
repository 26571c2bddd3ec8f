import { isMedia, type MediaKind, mediaKinds } from '../core/content-blocks.js';
import { ServiceError } from '../core/errors.js';
import type { ContentBlock, Message } from '../core/request.js';

interface MediaLimit {
  readonly one: string;
  readonly many: string;
  readonly count: number;
  readonly bytes: number;
  readonly size: string;
}

const megabyte = 1_024 * 1_024;

/**
 * Bedrock's own limits of one message. Of video and audio it takes what fits into a request of 25 MB as base64; larger ones
 * have to lie in S3, which this server does not read.
 */
export const mediaLimits: Readonly<Record<MediaKind, MediaLimit>> = {
  image: { one: 'an image', many: 'images', count: 20, bytes: 3.75 * megabyte, size: '3.75 MB' },
  document: { one: 'a document', many: 'documents', count: 5, bytes: 4.5 * megabyte, size: '4.5 MB' },
  video: { one: 'a video', many: 'videos', count: 1, bytes: 17.5 * megabyte, size: '17.5 MB' },
  audio: { one: 'an audio file', many: 'audio files', count: 1, bytes: 17.5 * megabyte, size: '17.5 MB' },
};

function decodedBytes(base64: string): number {
  const padding = base64.endsWith('==') ? 2 : Number(base64.endsWith('='));
  return (base64.length / 4) * 3 - padding;
}

function checkKind(kind: MediaKind, blocks: readonly ContentBlock[], where: string): void {
  const { one, many, count, bytes, size } = mediaLimits[kind];
  const attachments = blocks.filter(isMedia).filter((block) => block.type === kind);
  if (attachments.length > count) {
    const found = attachments.length;
    throw new ServiceError('validation', `\`${where}\` holds ${found} ${many}; the limit is ${count} in one message.`);
  }
  if (attachments.some(({ data }) => decodedBytes(data) > bytes)) {
    throw new ServiceError('validation', `\`${where}\` holds ${one} of more than ${size}, which is the limit.`);
  }
}

/** @throws ServiceError validation when a message has too many or too large attachments. */
export function checkAttachments(messages: readonly Message[]): void {
  messages.forEach(({ content }, index) => {
    if (typeof content === 'string') return;
    for (const kind of mediaKinds) checkKind(kind, content, `messages[${index}]`);
  });
}
