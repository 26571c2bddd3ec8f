import { describe, expect, it } from '@jest/globals';
import { modelRequest } from '../../../src/core/request.js';
import { characterTables, kind } from '../../../src/routing/classifier/character-kinds.js';
import { type Cue, cueLexicon, cues } from '../../../src/routing/classifier/cue-lexicon.js';
import { buildCueTable } from '../../../src/routing/classifier/cue-table.js';
import { createDenseExtractor, denseCount, denseNames } from '../../../src/routing/classifier/dense-features.js';
import { shape } from '../../../src/routing/classifier/scan.js';
import { createScanner } from '../../../src/routing/classifier/scanner.js';
import { createTextModel } from '../../../src/routing/classifier/text-model.js';
import { contextWindow, messageWindow, textWindow } from '../../../src/routing/classifier/text-window.js';
import { classifierWeights } from '../../../src/routing/classifier/weights.js';
import { encodeBytes } from '../../../src/routing/classifier/weights-format.js';

const characters = characterTables();
const scanner = createScanner(characters, buildCueTable(characters));
const extractor = createDenseExtractor();
const scan = (text: string) => scanner.scan(text);
const shapesOf = (text: string, name: keyof typeof shape) => scan(text).shapes[shape[name]];
const cuesIn = (text: string): readonly Cue[] => {
  extractor.extract(scan(text), text.length);
  return cues.filter((_, index) => (extractor.cueCounts[index] ?? 0) > 0);
};

describe('work done for a text', () => {
  const table = buildCueTable(characters);
  let lookUps = 0;
  const counted = (look: (hash: number) => number) => (hash: number) => {
    lookUps += 1;
    return look(hash);
  };
  const counting = createScanner(characters, {
    exact: counted(table.exact),
    stem: counted(table.stem),
    begins: (hash) => counted((one) => Number(table.begins(one)))(hash) === 1,
  });

  it.each([
    ['one word', 'a'.repeat(2_000)],
    ['one-letter words', 'a '.repeat(1_000)],
    ['entries of the lexicon without spaces', '用户数据库函数代码编写程序'.repeat(200)],
    ['one character without spaces', '函'.repeat(2_000)],
    ['newlines', '\n'.repeat(2_000)],
    ['ten million characters', '数a1 '.repeat(2_500_000)],
  ])('%s: look-ups in proportion to the window, never to the text', (_, text) => {
    lookUps = 0;
    const { bucketCount, hitCount } = counting.scan(text);
    // At most 16 prefixes are tried at a character of a script without spaces, two look-ups each.
    expect(lookUps).toBeLessThanOrEqual(2_000 * 33);
    expect(bucketCount).toBeLessThanOrEqual(10_000);
    expect(hitCount).toBeLessThanOrEqual(4_096);
  });
});

describe('the scanner', () => {
  it.each<[keyof typeof shape, number, string]>([
    ['words', 4, 'one two  three\nfour'],
    ['numbers', 3, '12 apples, 3 pears and 4.'],
    ['longNumber', 1, '12 and 1200'],
    ['snakeCase', 2, 'my_own_name'],
    ['camelCase', 1, 'camelCase Title'],
    ['callOrMember', 2, 'list.append(x)'],
    ['latexCommand', 2, '\\frac{1}{2} + \\sqrt{2}'],
    ['indentedLine', 1, 'def f():\n    return 1\nend'],
    ['singleLetter', 2, 'x plus y'],
    ['optionMarker', 2, 'a) one b) two'],
    ['codeOperator', 2, 'a == b => c'],
    ['lineEndBracket', 1, 'if (x) {\ny'],
    ['capitalised', 2, 'New York'],
  ])('counts %s: %d in %j', (name, expected, text) => {
    expect(shapesOf(text, name)).toBe(expected);
  });

  it('knows scripts and signs', () => {
    const { kindCounts } = scan('Привет world 世界 100 % ؟');
    expect(
      [kind.cyrillic, kind.latin, kind.han, kind.digit, kind.percent, kind.question].map((one) => kindCounts[one]),
    ).toEqual([1, 1, 2, 1, 1, 1]);
    expect([scan('Why? \n').endsWithQuestion, scan('Why? No').endsWithQuestion, scan('').endsWithQuestion]).toEqual([
      true,
      false,
      false,
    ]);
  });

  it.each<[Cue, string]>([
    ['programmingLanguage', 'in C++ please'],
    ['programmingLanguage', 'some C# here'],
    ['creativeWriting', 'Écris un poème'],
    ['codeAction', 'please WRITE A FUNCTION now'],
    ['programmingLanguage', 'на питоне'],
    ['codeThing', '写一个程序吧'],
    ['quantityQuestion', 'How many are there'],
    ['proofVerb', 'Chứng minh rằng'],
    ['failure', "it doesn't work"],
    ['factQuestion', 'who wrote it'],
  ])('finds %s in %j', (cue, text) => {
    expect(cuesIn(text)).toContain(cue);
  });

  it('does not join a phrase over a line end, nor find a word inside another', () => {
    expect(cuesIn('how\nmany')).not.toContain('quantityQuestion');
    expect(cuesIn('rusty')).not.toContain('programmingLanguage');
  });

  it('finds every entry of the lexicon', () => {
    const missed: string[] = [];
    for (const cue of cues) {
      for (const entry of cueLexicon[cue].split(/\s+/)) {
        const text = entry.replaceAll('_', ' ').replace('*', '');
        if (!cuesIn(text).includes(cue)) missed.push(`${cue}: ${entry}`);
      }
    }
    expect(missed).toEqual([]);
  });
});

describe('the vector', () => {
  it('has a name for each number and is finite for any text', () => {
    expect(denseNames).toHaveLength(denseCount);
    for (const text of ['', 'x', 'a'.repeat(5_000), '日本語'.repeat(700)]) {
      const vector = extractor.extract(scan(text), text.length);
      expect(vector.every((value) => Number.isFinite(value) && Math.abs(value) < 20)).toBe(true);
    }
  });
});

describe('the window', () => {
  it('holds the start and the end of a long text', () => {
    const { text, length } = textWindow(`START${'x'.repeat(1_000_000)}END`);
    expect([text.length, length, text.startsWith('START'), text.endsWith('END')]).toEqual([
      2_000,
      1_000_008,
      true,
      true,
    ]);
  });

  it('joins text blocks and leaves out the rest', () => {
    const [message] = modelRequest.parse({
      messages: [
        {
          role: 'user',
          content: [
            { type: 'text', text: 'a' },
            { type: 'image', format: 'png', data: 'AAAA' },
            { type: 'text', text: 'b' },
          ],
        },
      ],
    }).messages;
    if (message === undefined) throw new Error('no message');
    expect(messageWindow(message)).toEqual({ text: 'a\nb', length: 2 });
  });

  it('takes the context newest first, without the last message and the answers', () => {
    const messages = ['one', 'two', 'three'].flatMap((content) => [
      { role: 'user', content },
      { role: 'assistant', content: 'ok' },
    ]);
    const request = modelRequest.parse({ messages: [...messages, { role: 'user', content: 'last' }], system: 'rules' });
    expect(contextWindow(request).text).toBe('three\ntwo\none\nrules');
  });
});

describe('the weights', () => {
  it('are refused when they do not fit the features', () => {
    const short = encodeBytes(new Float32Array(3));
    expect(() => createTextModel({ ...classifierWeights, dense: short })).toThrow('train again');
  });

  it('are small', () => {
    const bytes = (classifierWeights.hashed.length + classifierWeights.dense.length) * 0.75;
    expect(bytes).toBeLessThan(128 * 1_024);
  });
});
