import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type ModelRequest, modelRequest, type Task, tasks } from '../../../src/core/request.js';
import { createTrainedClassifier } from '../../../src/routing/trained-classifier.js';

const classifier = createTrainedClassifier();
const asked = (prompt: string, fields: Record<string, unknown> = {}): ModelRequest => ({
  ...modelRequest.parse({ prompt: 'x', ...fields }),
  messages: [{ role: 'user', content: prompt }],
});
const classify = (prompt: string, fields?: Record<string, unknown>) => classifier.classify(asked(prompt, fields));
const png = { type: 'image', format: 'png', data: 'AAAA' };

describe('the trained classifier', () => {
  it.each<[Task, string]>([
    ['code', 'Write a TypeScript function that debounces another function'],
    ['code', 'Why does my loop print the last value ten times?'],
    ['code', 'The button on our site does nothing on phones, how do I find out why?'],
    ['code', '¿Por qué mi función devuelve undefined?'],
    ['code', '用Python写一个函数，去掉列表中的重复元素'],
    ['code', 'Как прочитать файл построчно на Python?'],
    ['reasoning', 'A tank fills in 6 hours and drains in 9. How long does it take to fill with both open?'],
    ['reasoning', 'Prove that the product of two odd integers is odd.'],
    ['reasoning', 'Exactly one of the three boxes holds gold and every label is wrong. Which box is it?'],
    ['reasoning', 'Démontrez que la somme de deux nombres pairs est paire.'],
    ['reasoning', '小明有12个苹果，给了小红5个，又买了8个，一共有多少个苹果？'],
    ['general', 'Suggest a vegetarian menu for a birthday party'],
    ['general', 'Who wrote Pride and Prejudice?'],
    ['general', 'Write a poem about autumn in the mountains'],
    ['general', 'Empfiehl mir drei Reiseziele für den Winter'],
    ['general', '東京でおすすめのレストランを教えてください'],
  ])('takes for %s: %s', (task, prompt) => {
    const { task: found, confidence, signals } = classify(prompt);
    expect(found).toBe(task);
    expect(confidence).toBeGreaterThan(1 / 3);
    expect(confidence).toBeLessThanOrEqual(1);
    expect(signals.length).toBeGreaterThan(0);
  });

  it('takes the task of the caller as given', () => {
    const { task, confidence, signals } = classify('Write a poem', { task: 'code' });
    expect([task, confidence, signals]).toEqual(['code', 1, ['task given by the caller']]);
  });

  it('hears earlier turns and the system text when the last message says little', () => {
    const messages = [
      {
        role: 'user',
        content: 'My Python script crashes with a KeyError in the parse function. Here is the stack trace.',
      },
      { role: 'assistant', content: 'Which line?' },
      { role: 'user', content: 'and what about this one' },
    ];
    const alone = classify('and what about this one');
    const withTurns = classifier.classify(modelRequest.parse({ messages }));
    expect(withTurns.task).toBe('code');
    expect(alone.task === 'code' ? alone.confidence : 0).toBeLessThan(withTurns.confidence);
    const withSystem = classify('and the next one', { system: 'You prove theorems and solve equations step by step.' });
    expect(withSystem.task).toBe('reasoning');
  });

  it('reads the earlier turns when the last message holds no text at all', () => {
    const result = { type: 'tool_result', tool_use_id: 't', content: '42' };
    const use = { type: 'tool_use', id: 't', name: 'run', input: {} };
    const messages = [
      { role: 'user', content: 'Refactor this class and run the unit tests' },
      { role: 'assistant', content: [use] },
      { role: 'user', content: [result] },
    ];
    const request = { ...asked('x'), messages } as unknown as ModelRequest;
    expect(classifier.classify(request).task).toBe('code');
  });

  it('lets attachments and tools speak, less than a clear text does', () => {
    const general = (request: ModelRequest) => {
      const { task, confidence } = classifier.classify(request);
      return task === 'general' ? confidence : 0;
    };
    const document = { type: 'document', format: 'pdf', name: 'a', data: 'AAAA' };
    const withBlocks = (...blocks: unknown[]) =>
      modelRequest.parse({
        messages: [{ role: 'user', content: [{ type: 'text', text: 'Tell me about this' }, ...blocks] }],
      });
    expect(general(withBlocks(png))).toBeGreaterThan(general(withBlocks()));
    expect(general(withBlocks(document))).toBeGreaterThan(general(withBlocks()));
    const tools = [{ name: 'look', description: 'Looks.', input_schema: { type: 'object' } }];
    expect(general(modelRequest.parse({ prompt: 'Tell me about this', tools }))).toBeLessThan(general(withBlocks()));
  });

  it('finds long requests with conditions and proofs harder than short plain ones', () => {
    const score = (prompt: string) => classify(prompt).complexity.score;
    expect(classify('hello').complexity.level).toBe('simple');
    expect(score('Prove that every bounded monotone sequence converges, without using compactness.')).toBeGreaterThan(
      score('2+2?'),
    );
    const long = 'If the index is empty then rebuild it, unless another node holds the lock. '.repeat(30);
    expect(score(`Implement this scheduler. ${long}`)).toBeGreaterThan(score('Implement a queue.'));
    expect(classify(`Implement this scheduler. ${long}`).complexity.level).toBe('complex');
  });

  it('keeps its choice when case, blanks and politeness change', () => {
    const prompts = [
      'How do I reverse a linked list in C?',
      'Who painted the Mona Lisa?',
      'What is 15% of 80?',
      'Solve x^2 = 9',
    ];
    for (const prompt of prompts) {
      const { task } = classify(prompt);
      for (const variant of [
        prompt.toUpperCase(),
        prompt.toLowerCase(),
        `  ${prompt}  `,
        `Please: ${prompt}`,
        prompt.replace(/ /g, '  '),
      ]) {
        expect([variant, classify(variant).task]).toEqual([variant, task]);
      }
    }
  });
});

describe('a request with thirty kilobytes of material', () => {
  const log = Array.from({ length: 500 }, (_, line) => `10:${line % 60} INFO worker ${line % 7} took ${line * 3} ms`);
  const prose = 'The committee met in spring and spoke of the harbour, the fish and the weather. '.repeat(380);
  const code = 'def total(items):\n    return sum(item.price for item in items)\n'.repeat(450);
  it.each<[Task, string, string]>([
    ['general', 'Summarize this for my grandmother in a friendly letter.', code],
    ['general', 'Translate the text below into Spanish.', prose],
    ['code', 'Write a Python script that finds the slowest worker in this log.', log.join('\n')],
    ['code', 'Fix the function below: it raises a TypeError when items is None.', prose],
    ['reasoning', 'How many workers are there, and what is the probability that two of them fail on one day?', prose],
  ])('%s: %s, asked before or after it', (task, request, material) => {
    expect(classify(`${request}\n\n${material}`).task).toBe(task);
    expect(classify(`${material}\n\n${request}`).task).toBe(task);
  });
});

describe('odd texts', () => {
  const binary = Array.from({ length: 50_000 }, (_, index) => String.fromCharCode((index * 7_919) % 65_536)).join('');
  it.each([
    ['nothing', ''],
    ['10 MB of words', 'lorem ipsum '.repeat(900_000)],
    ['10 MB of one letter', 'a'.repeat(10_000_000)],
    ['emoji', '\u{1F600}\u{1F680}'.repeat(2_000)],
    ['lone surrogates', '\ud800\udc00\ud800\ud800'.repeat(2_000)],
    ['binary noise', binary],
    ['newlines', '\n'.repeat(100_000)],
    ['mixed scripts', 'añб日本ไทยहिन्दी한국어عربى'.repeat(500)],
    ['null characters', '\0'.repeat(5_000)],
    ['brackets', '{[(<'.repeat(5_000)],
    ['digits', '1234567890'.repeat(5_000)],
    ['one word of c++', `c${'+'.repeat(5_000)}`],
    ['unspaced entries of the lexicon', '用户数据库函数代码'.repeat(3_000)],
  ])('%s: judged the same each time', (_, prompt) => {
    const request = asked(prompt);
    const first = classifier.classify(request);
    expect(tasks).toContain(first.task);
    expect(Number.isFinite(first.confidence) && Number.isFinite(first.complexity.score)).toBe(true);
    expect(classifier.classify(request)).toEqual(first);
  });

  it.each([10_000, 10_000_000])('of %d characters, what stands between the two ends is not read', (length) => {
    const between = (text: string) => `${'Why is the sky blue? '.repeat(80)}${text}${'lorem ipsum '.repeat(60)}`;
    const [words, code] = ['words '.repeat(length / 6), 'def f():\n'.repeat(length / 6)].map((text) =>
      between(text.slice(0, length - 6)),
    );
    expect(classify(String(code))).toEqual(classify(String(words)));
  });

  it('holds on to nothing of the texts before', () => {
    const requests = ['', 'x'.repeat(50_000), 'Why? '.repeat(900), '\ud800'.repeat(9_000)].map((prompt) =>
      asked(prompt),
    );
    const first = requests.map((request) => classifier.classify(request));
    for (let round = 0; round < 100; round += 1) for (const request of requests) classifier.classify(request);
    expect(requests.map((request) => classifier.classify(request))).toEqual(first);
  });

  it('any string: no throw, figures in their ranges, the same for the same text', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string({ unit: 'binary', maxLength: 3_000 }), fc.string({ unit: 'grapheme' })),
        (prompt) => {
          const once = classify(prompt);
          expect(once.confidence).toBeGreaterThanOrEqual(1 / 3 - 1e-9);
          expect(once.complexity.score).toBeGreaterThanOrEqual(0);
          expect(once.complexity.score).toBeLessThanOrEqual(1);
          expect(createdAfresh.classify(asked(prompt))).toEqual(once);
        },
      ),
      { numRuns: 150 },
    );
  });
  const createdAfresh = createTrainedClassifier();
});
