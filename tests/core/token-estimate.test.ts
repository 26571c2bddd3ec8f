import { describe, expect, it } from '@jest/globals';
import { modelRequest } from '../../src/core/request.js';
import { estimateInputTokens, estimateTextTokens } from '../../src/core/token-estimate.js';

describe('token estimate', () => {
  it.each([
    ['', 0],
    ['abc', 1],
    ['a'.repeat(35), 10],
    ['漢字', 3],
    ['漢'.repeat(17), 20],
    ['ж'.repeat(16), 10],
    ['{"a":12}'.repeat(17), 75],
    [`a${' '.repeat(500)}b`, 1],
    ['é'.repeat(35), 10],
  ])('of %j', (text, tokens) => {
    expect(estimateTextTokens(text)).toBe(tokens);
  });

  it('counts conversation, system text, tools and attachments', () => {
    const base = { messages: [{ role: 'user', content: 'a'.repeat(35) }] };
    const count = (extra: object) => estimateInputTokens(modelRequest.parse({ ...base, ...extra }));
    expect(count({})).toBe(14);
    expect(count({ system: 'a'.repeat(35) })).toBe(28);
    expect(count({ tools: [{ name: 'add', description: 'Adds.', input_schema: {} }] })).toBeGreaterThan(20);
    const blocks = [
      { type: 'image', format: 'png', data: 'aGk=' },
      { type: 'document', format: 'txt', name: 'notes', data: 'a'.repeat(1_600) },
      { type: 'tool_use', id: '1', name: 'add', input: { left: 1 } },
      { type: 'tool_result', tool_use_id: '1', content: 'a'.repeat(35) },
      { type: 'reasoning', text: 'a'.repeat(35), redacted: 'a'.repeat(36) },
      { type: 'text', text: 'x' },
    ];
    expect(count({ messages: [{ role: 'user', content: blocks }] })).toBeGreaterThan(1_600 + 100 + 10 + 20);
  });
});
