import { describe, expect, it } from '@jest/globals';
import { modelRequest } from '../../src/core/request.js';

const question = { prompt: 'What is 2 + 2?' };
const tool = { name: 'add', description: 'Adds.', input_schema: { type: 'object' } };

function problemsOf(input: unknown): string {
  const result = modelRequest.safeParse(input);
  return result.success
    ? ''
    : result.error.issues.map((issue) => `${issue.path.join('.')} ${issue.message}`).join('; ');
}

describe('model request', () => {
  it('turns a prompt into a conversation', () => {
    expect(modelRequest.parse(question)).toEqual({ messages: [{ role: 'user', content: question.prompt }] });
  });

  it('takes a whole conversation with tools and attachments', () => {
    const messages = [
      { role: 'user', content: [{ type: 'image', format: 'png', data: 'aGk=' }] },
      { role: 'assistant', content: [{ type: 'tool_use', id: 't1', name: 'add', input: { a: 1 } }] },
      { role: 'user', content: [{ type: 'tool_result', tool_use_id: 't1', content: '2' }] },
    ];
    const input = { messages, tools: [tool], tool_choice: 'add', temperature: 0, tags: { team: 'search' } };
    expect(modelRequest.parse(input)).toEqual(input);
  });

  it.each([
    ['both prompt and messages', { ...question, messages: [] }, 'not both'],
    ['neither', {}, 'give `prompt` or `messages`'],
    ['an empty prompt', { prompt: ' \n' }, '`prompt` is empty'],
    ['no messages', { messages: [] }, '`messages` is empty'],
    ['a blank message', { messages: [{ role: 'user', content: '' }] }, 'messages[0]'],
    ['an assistant message at the end', { messages: [{ role: 'assistant', content: 'x' }] }, 'last message'],
    ['an unknown role', { messages: [{ role: 'system', content: 'x' }] }, 'messages.0.role'],
    ['an unknown argument', { ...question, maxTokens: 5 }, 'maxTokens'],
    ['NaN', { ...question, temperature: Number.NaN }, 'temperature'],
    ['a negative number', { ...question, max_tokens: -5 }, 'max_tokens'],
    ['a huge number', { ...question, max_tokens: 2 ** 53 }, 'max_tokens'],
    ['a fraction of a token', { ...question, max_tokens: 1.5 }, 'max_tokens'],
    ['infinity', { ...question, max_cost_usd: Number.POSITIVE_INFINITY }, 'max_cost_usd'],
    ['a number as text', { ...question, max_tokens: '12' }, 'max_tokens'],
    ['text that is not base64', image('%%%'), 'messages.0.content'],
    ['base64 without its padding', image('aGk'), 'padded'],
    ['a data: URL', image('data:image/png;base64,aGk='), 'standard base64'],
    ['two tools of one name', { ...question, tools: [tool, tool] }, 'same name'],
    ['a tool choice without tools', { ...question, tool_choice: 'any' }, 'needs `tools`'],
    ['an unknown tool choice', { ...question, tools: [tool], tool_choice: 'sub' }, 'is "sub"'],
    ['a tool name with spaces', { ...question, tools: [{ ...tool, name: 'a b' }] }, 'tools.0.name'],
    [
      'too many tags',
      { ...question, tags: Object.fromEntries([...Array(17).keys()].map((n) => [`t${n}`, ''])) },
      'tags',
    ],
    ['null', null, 'object'],
  ])('refuses %s and says why', (_, input, expected) => {
    expect(problemsOf(input)).toContain(expected);
  });

  it('takes attachments of many megabytes', () => {
    expect(problemsOf(image('A'.repeat(32_000_000)))).toBe('');
    expect(problemsOf(image(`${'A'.repeat(31_999_998)}*=`))).toContain('standard base64');
  });

  it('keeps tool_choice none without tools', () => {
    expect(problemsOf({ ...question, tool_choice: 'none' })).toBe('');
  });
});

function image(data: string): unknown {
  return { messages: [{ role: 'user', content: [{ type: 'image', format: 'png', data }] }] };
}
