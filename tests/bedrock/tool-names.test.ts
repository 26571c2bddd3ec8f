import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { encodeConverseRequest } from '../../src/bedrock/converse-request.js';
import { toolNames } from '../../src/bedrock/tool-names.js';
import type { Message } from '../../src/core/request.js';
import { nova, routed, weatherTool } from './client-setup.js';

const named = (...names: string[]) =>
  toolNames({ tools: names.map((name) => ({ ...weatherTool, name })), messages: [] });

describe('tool names', () => {
  it('stay as they are where Bedrock takes them', () => {
    expect(named('get_weather-2').toWire('get_weather-2')).toBe('get_weather-2');
    expect(named().fromWire('nobody')).toBe('nobody');
  });

  it('are told apart when they become equal, and legal ones keep theirs', () => {
    const names = named('a.b', 'a/b', 'a_b', 'a:b');
    expect(['a_b', 'a.b', 'a/b', 'a:b'].map(names.toWire)).toEqual(['a_b', 'a_b_2', 'a_b_3', 'a_b_4']);
    expect(named('a.b').toWire('a.b')).toBe('a_b');
  });

  it('are short enough, distinct and come back, whatever they are', () => {
    const name = fc.string({ minLength: 1, maxLength: 128, unit: fc.constantFrom('a', 'b', '.', '/', '_', ':') });
    fc.assert(
      fc.property(fc.uniqueArray(name, { minLength: 1, maxLength: 20 }), (given) => {
        const names = named(...given);
        const wires = given.map(names.toWire);
        expect(new Set(wires).size).toBe(given.length);
        for (const wire of wires) expect(wire).toMatch(/^[a-zA-Z0-9_-]{1,64}$/);
        expect(wires.map(names.fromWire)).toEqual(given);
      }),
    );
  });
});

it('parallel calls, their ids and results go out under legal names, results first and in order', () => {
  const messages: Message[] = [
    { role: 'user', content: 'Weather in both?' },
    {
      role: 'assistant',
      content: [
        { type: 'tool_use', id: 'call 1', name: 'mcp/weather', input: { city: 'Bern' } },
        { type: 'tool_use', id: 'call_1', name: 'mcp/weather', input: {} },
      ],
    },
    {
      role: 'user',
      content: [
        { type: 'text', text: 'Here you are.' },
        { type: 'tool_result', tool_use_id: 'call 1', content: 'sunny' },
        { type: 'tool_result', tool_use_id: 'call_1', content: 'no such city', is_error: true },
      ],
    },
  ];
  const tools = [{ ...weatherTool, name: 'mcp/weather' }];
  const { input, decoding } = encodeConverseRequest(
    routed({ messages, tools, tool_choice: 'mcp/weather' }, nova),
    undefined,
  );
  expect(input.toolConfig).toMatchObject({
    tools: [{ toolSpec: { name: 'mcp_weather' } }],
    toolChoice: { tool: { name: 'mcp_weather' } },
  });
  expect(input.messages?.[1]?.content).toMatchObject([
    { toolUse: { toolUseId: 'call_1_2', name: 'mcp_weather' } },
    { toolUse: { toolUseId: 'call_1', name: 'mcp_weather', input: {} } },
  ]);
  expect(input.messages?.[2]?.content).toMatchObject([
    { toolResult: { toolUseId: 'call_1_2', content: [{ text: 'sunny' }] } },
    { toolResult: { toolUseId: 'call_1', status: 'error' } },
    { text: 'Here you are.' },
  ]);
  expect(decoding.names.fromWire('mcp_weather')).toBe('mcp/weather');
});
