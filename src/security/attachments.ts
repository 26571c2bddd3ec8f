import { ServiceError } from '../core/errors.js';
import type { ContentBlock, Message } from '../core/request.js';

/** Bedrock's own limits of one message. */
const limits = {
  image: { one: 'an image', count: 20, bytes: 3.75 * 1_024 * 1_024, size: '3.75 MB' },
  document: { one: 'a document', count: 5, bytes: 4.5 * 1_024 * 1_024, size: '4.5 MB' },
} as const;

type Attachment = Extract<ContentBlock, { type: keyof typeof limits }>;

function decodedBytes(base64: string): number {
  const padding = base64.endsWith('==') ? 2 : Number(base64.endsWith('='));
  return (base64.length / 4) * 3 - padding;
}

function checkKind(kind: keyof typeof limits, blocks: readonly ContentBlock[], where: string): void {
  const { one, count, bytes, size } = limits[kind];
  const attachments = blocks.filter((block): block is Attachment => block.type === kind);
  if (attachments.length > count) {
    const found = attachments.length;
    throw new ServiceError('validation', `\`${where}\` holds ${found} ${kind}s; the limit is ${count} in one message.`);
  }
  if (attachments.some(({ data }) => decodedBytes(data) > bytes)) {
    throw new ServiceError('validation', `\`${where}\` holds ${one} of more than ${size}, which is the limit.`);
  }
}

/** @throws ServiceError validation when a message has too many or too large images or documents. */
export function checkAttachments(messages: readonly Message[]): void {
  messages.forEach(({ content }, index) => {
    if (typeof content === 'string') return;
    checkKind('image', content, `messages[${index}]`);
    checkKind('document', content, `messages[${index}]`);
  });
}
