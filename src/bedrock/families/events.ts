import type { ConverseStreamOutput, StopReason, TokenUsage } from '@aws-sdk/client-bedrock-runtime';

/* The vocabulary into which every answer is translated: the events of ConverseStream. */

export type Counts = { readonly [Name in keyof TokenUsage]?: TokenUsage[Name] | undefined };

export const textEvent = (text: string, contentBlockIndex = 0): ConverseStreamOutput => ({
  contentBlockDelta: { contentBlockIndex, delta: { text } },
});

export const reasoningEvent = (text: string, contentBlockIndex = 0): ConverseStreamOutput => ({
  contentBlockDelta: { contentBlockIndex, delta: { reasoningContent: { text } } },
});

export const signatureEvent = (signature: string, contentBlockIndex: number): ConverseStreamOutput => ({
  contentBlockDelta: { contentBlockIndex, delta: { reasoningContent: { signature } } },
});

export const redactedEvent = (data: string, contentBlockIndex: number): ConverseStreamOutput => ({
  contentBlockDelta: {
    contentBlockIndex,
    delta: { reasoningContent: { redactedContent: new Uint8Array(Buffer.from(data, 'base64')) } },
  },
});

export const toolStartEvent = (toolUseId: string, name: string, contentBlockIndex: number): ConverseStreamOutput => ({
  contentBlockStart: { contentBlockIndex, start: { toolUse: { toolUseId, name } } },
});

export const toolInputEvent = (input: string, contentBlockIndex: number): ConverseStreamOutput => ({
  contentBlockDelta: { contentBlockIndex, delta: { toolUse: { input } } },
});

/** `reason` in Converse's words. */
export const stopEvent = (reason: string): ConverseStreamOutput => ({
  messageStop: { stopReason: reason as StopReason },
});

/** Counts that a family does not know stay away: they are read from elsewhere, or estimated. */
export function usageEvents(counts: Counts): ConverseStreamOutput[] {
  const known = Object.fromEntries(Object.entries(counts).filter(([, count]) => count !== undefined));
  if (Object.keys(known).length === 0) return [];
  return [{ metadata: { usage: known as unknown as TokenUsage, metrics: undefined } }];
}
