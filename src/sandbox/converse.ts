import type { AnswerBlock } from './answer.js';
import { pieces } from './answer.js';
import { converseBody, parseBody } from './converse-body.js';
import type { WireEvent, WireFormat } from './wire-format.js';

function converseBlock(block: AnswerBlock): unknown {
  switch (block.type) {
    case 'text':
      return { text: block.text };
    case 'reasoning':
      return { reasoningContent: { reasoningText: { text: block.text, signature: block.signature } } };
    case 'toolUse':
      return { toolUse: { toolUseId: block.toolUseId, name: block.name, input: block.input } };
  }
}

function* deltasOf(block: AnswerBlock): Generator<unknown> {
  if (block.type === 'text') {
    for (const text of pieces(block.text)) yield { text };
  } else if (block.type === 'reasoning') {
    for (const text of pieces(block.text)) yield { reasoningContent: { text } };
    yield { reasoningContent: { signature: block.signature } };
  } else {
    for (const input of pieces(JSON.stringify(block.input))) yield { toolUse: { input } };
  }
}

function* blockEvents(block: AnswerBlock, contentBlockIndex: number): Generator<WireEvent> {
  if (block.type === 'toolUse') {
    const start = { toolUse: { toolUseId: block.toolUseId, name: block.name } };
    yield { type: 'contentBlockStart', payload: { contentBlockIndex, start } };
  }
  for (const delta of deltasOf(block)) yield { type: 'contentBlockDelta', payload: { contentBlockIndex, delta } };
  yield { type: 'contentBlockStop', payload: { contentBlockIndex } };
}

export const converseFormat: WireFormat = {
  decode: (json) => parseBody(converseBody, json),
  encode: (answer, _served, { latencyMs }) => ({
    output: { message: { role: 'assistant', content: answer.blocks.map(converseBlock) } },
    stopReason: answer.stopReason,
    usage: answer.usage,
    metrics: { latencyMs },
    ...answer.extra,
    ...answer.applied,
  }),
  stream: function* (answer, _served, timing) {
    yield { type: 'messageStart', payload: { role: 'assistant' } };
    for (const [index, block] of answer.blocks.entries()) yield* blockEvents(block, index);
    yield { type: 'messageStop', payload: { stopReason: answer.stopReason, ...answer.extra } };
    yield {
      type: 'metadata',
      payload: { usage: answer.usage, metrics: { latencyMs: timing().latencyMs }, ...answer.applied },
    };
  },
};
