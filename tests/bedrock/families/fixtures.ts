import { claudeMessages } from '../../../src/bedrock/families/claude-messages.js';
import { claudeText } from '../../../src/bedrock/families/claude-text.js';
import { cohereCommand } from '../../../src/bedrock/families/cohere-command.js';
import { commandR } from '../../../src/bedrock/families/command-r.js';
import { deepseekR1 } from '../../../src/bedrock/families/deepseek-r1.js';
import { jamba } from '../../../src/bedrock/families/jamba.js';
import { jurassic } from '../../../src/bedrock/families/jurassic.js';
import { llama } from '../../../src/bedrock/families/llama.js';
import { mistralText } from '../../../src/bedrock/families/mistral-text.js';
import { nova } from '../../../src/bedrock/families/nova.js';
import { openaiChat } from '../../../src/bedrock/families/openai-chat.js';
import { titanText } from '../../../src/bedrock/families/titan-text.js';
import { writer } from '../../../src/bedrock/families/writer.js';
import type { FamilyFixture } from '../../contracts/model-family-contract.js';

/* The shapes that the models were recorded to answer in, with short texts in them. */

const metrics = (input: number, output: number) => ({
  'amazon-bedrock-invocationMetrics': {
    inputTokenCount: input,
    outputTokenCount: output,
    invocationLatency: 410,
    firstByteLatency: 120,
  },
});
const countHeaders = {
  'x-amzn-bedrock-input-token-count': '21',
  'x-amzn-bedrock-output-token-count': '7',
  'x-amzn-bedrock-invocation-latency': '410',
};

const claudeAnswer = (stop_reason: string) => ({
  id: 'msg_1',
  type: 'message',
  role: 'assistant',
  model: 'claude-sonnet-4-5',
  content: [{ type: 'text', text: 'Bern is sunny.' }],
  stop_reason,
  stop_sequence: null,
  usage: { input_tokens: 21, cache_creation_input_tokens: 0, cache_read_input_tokens: 0, output_tokens: 7 },
});

const chatAnswer = (finish_reason: string) => ({
  id: 'chatcmpl-1',
  object: 'chat.completion',
  choices: [{ index: 0, message: { role: 'assistant', content: 'Bern is sunny.', refusal: null }, finish_reason }],
  usage: { prompt_tokens: 21, completion_tokens: 7, total_tokens: 28 },
});
const chatChunk = (delta: object, finish_reason: string | null = null) => ({
  object: 'chat.completion.chunk',
  choices: [{ index: 0, delta, finish_reason }],
});
const chatStops = {
  length: 'max_tokens',
  tool_calls: 'tool_use',
  content_filter: 'content_filtered',
  stop: 'end_turn',
};
const chatTurns = [
  { role: 'system', content: 'Be brief.' },
  { role: 'user', content: 'Hello' },
  { role: 'assistant', content: 'Hi there' },
  { role: 'user', content: 'Weather in Bern?' },
];

const completion = (stop_reason: string, text: string) => ({ choices: [{ text, stop_reason }] });
const lengthStops = { stop: 'end_turn', length: 'max_tokens' };
const claudeStops = {
  end_turn: 'end_turn',
  max_tokens: 'max_tokens',
  stop_sequence: 'stop_sequence',
  tool_use: 'tool_use',
  refusal: 'content_filtered',
  model_context_window_exceeded: 'model_context_window_exceeded',
};

const titanAnswer = (completionReason: string) => ({
  inputTextTokenCount: 21.0,
  results: [{ tokenCount: 7.0, outputText: 'Bern is sunny.', completionReason }],
});
const llamaAnswer = (stop_reason: string) => ({
  generation: 'Bern is sunny.',
  prompt_token_count: 21,
  generation_token_count: 7,
  stop_reason,
});
const novaAnswer = (stopReason: string) => ({
  output: { message: { role: 'assistant', content: [{ text: 'Bern is sunny.' }] } },
  stopReason,
  usage: {
    inputTokens: 21,
    outputTokens: 7,
    totalTokens: 28,
    cacheReadInputTokenCount: 0,
    cacheWriteInputTokenCount: 0,
  },
});

export const fixtures: readonly FamilyFixture[] = [
  {
    family: titanText,
    format: 'titan',
    model: 'amazon.titan-text-express-v1',
    body: {
      inputText: 'Be brief.\n\nUser: Hello\nBot: Hi there\nUser: Weather in Bern?\nBot:',
      textGenerationConfig: { maxTokenCount: 100, temperature: 0.5, topP: 0.9, stopSequences: ['END'] },
    },
    answer: titanAnswer('FINISH'),
    stopped: titanAnswer,
    chunks: [
      {
        outputText: 'Bern is',
        index: 0,
        inputTextTokenCount: 21,
        totalOutputTextTokenCount: null,
        completionReason: null,
      },
      {
        outputText: ' sunny.',
        index: 0,
        inputTextTokenCount: null,
        totalOutputTextTokenCount: 7,
        completionReason: 'FINISH',
        ...metrics(21, 7),
      },
    ],
    usage: [21, 7],
    stops: { LENGTH: 'max_tokens', CONTENT_FILTERED: 'content_filtered', STOP_CRITERIA_MET: 'stop_sequence' },
  },
  {
    family: claudeMessages,
    format: 'anthropic-messages',
    model: 'anthropic.claude-sonnet-4-5-20250929-v1:0',
    body: {
      anthropic_version: 'bedrock-2023-05-31',
      max_tokens: 100,
      messages: [
        { role: 'user', content: [{ type: 'text', text: 'Hello' }] },
        { role: 'assistant', content: [{ type: 'text', text: 'Hi there' }] },
        { role: 'user', content: [{ type: 'text', text: 'Weather in Bern?' }] },
      ],
      system: [{ type: 'text', text: 'Be brief.' }],
      temperature: 0.5,
      top_p: 0.9,
      stop_sequences: ['END'],
    },
    answer: claudeAnswer('end_turn'),
    stopped: claudeAnswer,
    chunks: [
      {
        type: 'message_start',
        message: {
          ...claudeAnswer('x'),
          content: [],
          stop_reason: null,
          usage: { input_tokens: 21, output_tokens: 1 },
        },
      },
      { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
      { type: 'ping' },
      { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'Bern is' } },
      { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: ' sunny.' } },
      { type: 'content_block_stop', index: 0 },
      { type: 'message_delta', delta: { stop_reason: 'end_turn', stop_sequence: null }, usage: { output_tokens: 7 } },
      { type: 'message_stop', ...metrics(21, 7) },
    ],
    usage: [21, 7],
    stops: claudeStops,
  },
  {
    family: claudeText,
    format: 'claude-text',
    model: 'anthropic.claude-v2:1',
    body: {
      anthropic_version: 'bedrock-2023-05-31',
      prompt: 'Be brief.\n\nHuman: Hello\n\nAssistant: Hi there\n\nHuman: Weather in Bern?\n\nAssistant:',
      max_tokens_to_sample: 100,
      temperature: 0.5,
      top_p: 0.9,
      stop_sequences: ['END', '\n\nHuman:'],
    },
    answer: { type: 'completion', completion: 'Bern is sunny.', stop_reason: 'stop_sequence', stop: '\n\nHuman:' },
    stopped: (stop_reason) => ({ completion: 'Bern is sunny.', stop_reason, stop: 'END' }),
    headers: countHeaders,
    chunks: [
      { type: 'completion', completion: 'Bern is', stop_reason: null, stop: null },
      {
        type: 'completion',
        completion: ' sunny.',
        stop_reason: 'stop_sequence',
        stop: '\n\nHuman:',
        ...metrics(21, 7),
      },
    ],
    usage: [21, 7],
    stops: { stop_sequence: 'stop_sequence', max_tokens: 'max_tokens' },
  },
  {
    family: jurassic,
    format: 'jurassic2',
    model: 'ai21.j2-ultra-v1',
    body: {
      prompt: 'Be brief.\n\nUser: Hello\nAssistant: Hi there\nUser: Weather in Bern?\nAssistant:',
      maxTokens: 100,
      temperature: 0.5,
      topP: 0.9,
      stopSequences: ['END'],
    },
    answer: {
      id: 1,
      prompt: { text: 'x', tokens: [] },
      completions: [{ data: { text: 'Bern is sunny.', tokens: [] }, finishReason: { reason: 'endoftext' } }],
    },
    stopped: (reason) => ({ completions: [{ data: { text: 'Bern is sunny.' }, finishReason: { reason } }] }),
    headers: countHeaders,
    usage: [21, 7],
    stops: { length: 'max_tokens', stop: 'stop_sequence' },
  },
  {
    family: jamba,
    format: 'openai-chat(jamba)',
    model: 'ai21.jamba-1-5-mini-v1:0',
    body: { messages: chatTurns, max_tokens: 100, temperature: 0.5, top_p: 0.9, stop: ['END'] },
    answer: chatAnswer('stop'),
    stopped: chatAnswer,
    chunks: [
      chatChunk({ role: 'assistant' }),
      chatChunk({ content: 'Bern is' }),
      chatChunk({ content: ' sunny.' }),
      { ...chatChunk({ content: '' }, 'stop'), usage: { prompt_tokens: 21, completion_tokens: 7 }, ...metrics(21, 7) },
    ],
    usage: [21, 7],
    stops: chatStops,
  },
  {
    family: llama,
    format: 'llama',
    model: 'meta.llama3-3-70b-instruct-v1:0',
    body: {
      prompt:
        '<|begin_of_text|><|start_header_id|>system<|end_header_id|>\n\nBe brief.<|eot_id|>' +
        '<|start_header_id|>user<|end_header_id|>\n\nHello<|eot_id|>' +
        '<|start_header_id|>assistant<|end_header_id|>\n\nHi there<|eot_id|>' +
        '<|start_header_id|>user<|end_header_id|>\n\nWeather in Bern?<|eot_id|>' +
        '<|start_header_id|>assistant<|end_header_id|>\n\n',
      max_gen_len: 100,
      temperature: 0.5,
      top_p: 0.9,
    },
    answer: llamaAnswer('stop'),
    stopped: llamaAnswer,
    chunks: [
      { generation: 'Bern is', prompt_token_count: 21, generation_token_count: 1, stop_reason: null },
      { generation: ' sunny.', prompt_token_count: null, generation_token_count: 6, stop_reason: null },
      {
        generation: '',
        prompt_token_count: null,
        generation_token_count: 7,
        stop_reason: 'stop',
        ...metrics(21, 7),
      },
    ],
    usage: [21, 7],
    stops: lengthStops,
  },
  {
    family: mistralText,
    format: 'mistral-text',
    model: 'mistral.mixtral-8x7b-instruct-v0:1',
    body: {
      prompt: '<s>[INST] Be brief.\n\nHello [/INST] Hi there</s>[INST] Weather in Bern? [/INST]',
      max_tokens: 100,
      temperature: 0.5,
      top_p: 0.9,
      stop: ['END'],
    },
    answer: { outputs: [{ text: 'Bern is sunny.', stop_reason: 'stop' }] },
    stopped: (stop_reason) => ({ outputs: [{ text: 'Bern is sunny.', stop_reason }] }),
    headers: countHeaders,
    chunks: [
      { outputs: [{ text: 'Bern is', stop_reason: null }] },
      { outputs: [{ text: ' sunny.', stop_reason: 'stop' }], ...metrics(21, 7) },
    ],
    usage: [21, 7],
    stops: lengthStops,
  },
  {
    family: cohereCommand,
    format: 'cohere-generate',
    model: 'cohere.command-text-v14',
    body: {
      prompt: 'Be brief.\n\nUser: Hello\nChatbot: Hi there\nUser: Weather in Bern?\nChatbot:',
      max_tokens: 100,
      temperature: 0.5,
      p: 0.9,
      stop_sequences: ['END'],
    },
    answer: { id: '1', prompt: 'x', generations: [{ id: '2', text: 'Bern is sunny.', finish_reason: 'COMPLETE' }] },
    stopped: (finish_reason) => ({ generations: [{ text: 'Bern is sunny.', finish_reason }] }),
    chunks: [
      { index: 0, text: 'Bern is', is_finished: false },
      { index: 0, text: ' sunny.', is_finished: false },
      { index: 0, is_finished: true, finish_reason: 'COMPLETE' },
    ],
    usage: 'estimated',
    stops: { MAX_TOKENS: 'max_tokens', ERROR_TOXIC: 'content_filtered' },
  },
  {
    family: commandR,
    format: 'cohere-chat',
    model: 'cohere.command-r-plus-v1:0',
    body: {
      message: 'Weather in Bern?',
      chat_history: [
        { role: 'USER', message: 'Hello' },
        { role: 'CHATBOT', message: 'Hi there' },
      ],
      preamble: 'Be brief.',
      max_tokens: 100,
      temperature: 0.5,
      p: 0.9,
      stop_sequences: ['END'],
    },
    answer: { response_id: '1', text: 'Bern is sunny.', finish_reason: 'COMPLETE', chat_history: [] },
    stopped: (finish_reason) => ({ text: 'Bern is sunny.', finish_reason }),
    headers: countHeaders,
    chunks: [
      { event_type: 'stream-start', is_finished: false },
      { event_type: 'text-generation', is_finished: false, text: 'Bern is' },
      { event_type: 'text-generation', is_finished: false, text: ' sunny.' },
      {
        event_type: 'stream-end',
        is_finished: true,
        finish_reason: 'COMPLETE',
        response: { text: 'Bern is sunny.' },
        ...metrics(21, 7),
      },
    ],
    usage: [21, 7],
    stops: { MAX_TOKENS: 'max_tokens', STOP_SEQUENCE: 'stop_sequence', ERROR_TOXIC: 'content_filtered' },
  },
  {
    family: deepseekR1,
    format: 'completions(deepseek)',
    model: 'deepseek.r1-v1:0',
    body: {
      prompt:
        '<｜begin▁of▁sentence｜>Be brief.<｜User｜>Hello<｜Assistant｜>Hi there<｜end▁of▁sentence｜>' +
        '<｜User｜>Weather in Bern?<｜Assistant｜><think>\n',
      max_tokens: 100,
      temperature: 0.5,
      top_p: 0.9,
      stop: ['END'],
    },
    answer: completion('stop', 'It is July.</think>\n\nBern is sunny.'),
    stopped: (word) => completion(word, 'It is July.</think>\n\nBern is sunny.'),
    headers: countHeaders,
    reasoning: 'It is July.',
    chunks: [
      { choices: [{ text: 'It is ', stop_reason: null }] },
      { choices: [{ text: 'July.</thi', stop_reason: null }] },
      { choices: [{ text: 'nk>\n\nBern', stop_reason: null }] },
      { choices: [{ text: ' is sunny.', stop_reason: 'stop' }], ...metrics(21, 7) },
    ],
    usage: [21, 7],
    stops: lengthStops,
  },
  {
    family: nova,
    format: 'nova',
    model: 'amazon.nova-pro-v1:0',
    body: {
      schemaVersion: 'messages-v1',
      messages: usualTurns(),
      system: [{ text: 'Be brief.' }],
      inferenceConfig: { maxTokens: 100, temperature: 0.5, topP: 0.9, stopSequences: ['END'] },
    },
    answer: novaAnswer('end_turn'),
    stopped: novaAnswer,
    chunks: [
      { messageStart: { role: 'assistant' } },
      { contentBlockDelta: { contentBlockIndex: 0, delta: { text: 'Bern is' } } },
      { contentBlockDelta: { contentBlockIndex: 0, delta: { text: ' sunny.' } } },
      { contentBlockStop: { contentBlockIndex: 0 } },
      { messageStop: { stopReason: 'end_turn' } },
      { metadata: { usage: novaAnswer('x').usage, metrics: {}, trace: {} }, ...metrics(21, 7) },
    ],
    usage: [21, 7],
    stops: { max_tokens: 'max_tokens', tool_use: 'tool_use', content_filtered: 'content_filtered' },
  },
  {
    family: writer,
    format: 'completions(writer)',
    model: 'writer.palmyra-x5-v1:0',
    body: {
      prompt: 'Be brief.\n\nUser: Hello\nAssistant: Hi there\nUser: Weather in Bern?\nAssistant:',
      max_tokens: 100,
      temperature: 0.5,
      top_p: 0.9,
      stop: ['END'],
    },
    answer: completion('stop', 'Bern is sunny.'),
    stopped: (word) => completion(word, 'Bern is sunny.'),
    headers: countHeaders,
    chunks: [
      { choices: [{ text: 'Bern is', stop_reason: null }] },
      { choices: [{ text: ' sunny.', stop_reason: 'stop' }], ...metrics(21, 7) },
    ],
    usage: [21, 7],
    stops: lengthStops,
  },
  {
    family: openaiChat,
    format: 'openai-chat',
    model: 'openai.gpt-oss-120b-1:0',
    body: { messages: chatTurns, max_completion_tokens: 100, temperature: 0.5, top_p: 0.9, stop: ['END'] },
    answer: chatAnswer('stop'),
    stopped: chatAnswer,
    chunks: [
      chatChunk({ role: 'assistant', content: '' }),
      chatChunk({ content: 'Bern is' }),
      chatChunk({ content: ' sunny.' }),
      chatChunk({}, 'stop'),
      { choices: [], usage: { prompt_tokens: 21, completion_tokens: 7 }, ...metrics(21, 7) },
    ],
    usage: [21, 7],
    stops: chatStops,
  },
];

function usualTurns() {
  return [
    { role: 'user', content: [{ text: 'Hello' }] },
    { role: 'assistant', content: [{ text: 'Hi there' }] },
    { role: 'user', content: [{ text: 'Weather in Bern?' }] },
  ];
}
