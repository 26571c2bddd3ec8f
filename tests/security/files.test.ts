import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ServiceError } from '../../src/core/errors.js';
import { modelRequest } from '../../src/core/request.js';
import { createFileReader } from '../../src/security/files/file-stage.js';
import { type Composed, startComposed } from '../support/composed.js';

/* Real files, links and pipes in a real directory. */

const base = realpathSync(mkdtempSync(join(tmpdir(), 'kairos-files-')));
const root = join(base, 'allowed');
const inRoot = (name: string) => join(root, name);
afterAll(() => rmSync(base, { recursive: true, force: true }));

const png = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==',
  'base64',
);
const box = (brand: string) =>
  Buffer.concat([Buffer.from([0, 0, 0, 24]), Buffer.from(`ftyp${brand}\0\0\0\0${brand}mp42`)]);
const wav = Buffer.concat([Buffer.from('RIFF\x24\0\0\0WAVEfmt \x10\0\0\0\x01\0\x01\0'), Buffer.alloc(24)]);
const contents: Readonly<Record<string, Buffer>> = {
  'picture.txt': png,
  'report.pdf': Buffer.from('%PDF-1.7\n%\n'),
  'table.csv': Buffer.from('a,b\n1,2\n'),
  'page.html': Buffer.from('<html><body>Hi</body></html>'),
  'notes.md': Buffer.from('# Notes\n'),
  'no-extension': Buffer.from('Gr\u00fc\u00dfe'),
  'clip.bin': box('isom'),
  'clip.mov': box('qt  '),
  'voice.wav': wav,
  'song.mp3': Buffer.concat([
    Buffer.from('ID3\x04\0\0\0\0\0\0'),
    Buffer.from([0xff, 0xfb, 0x90, 0x64]),
    Buffer.alloc(413),
  ]),
  'program.png': Buffer.from('\x7fELF\x02\x01\x01\0'),
  'broken.txt': Buffer.from([0xc3, 0x28]),
  'empty.txt': Buffer.alloc(0),
  'large.txt': Buffer.alloc(2_001, 'x'),
};

beforeAll(() => {
  mkdirSync(join(root, 'sub'), { recursive: true });
  mkdirSync(join(base, 'allowed-not'));
  for (const [name, bytes] of Object.entries(contents)) writeFileSync(inRoot(name), bytes);
  writeFileSync(join(base, 'secret.txt'), 'secret');
  writeFileSync(join(base, 'allowed-not', 'x.txt'), 'secret');
  symlinkSync(join(base, 'secret.txt'), inRoot('link.txt'));
  symlinkSync(base, inRoot('way-out'));
  symlinkSync(inRoot('notes.md'), inRoot('sub/inside.md'));
  execFileSync('mkfifo', [inRoot('pipe')]);
});

const read = createFileReader({ roots: [root], maxBytes: 2_000, maxRequestBytes: 3_000 });
const asking = (...paths: string[]) =>
  modelRequest.parse({
    messages: [
      { role: 'user', content: [{ type: 'text', text: 'Look' }, ...paths.map((path) => ({ type: 'file', path }))] },
    ],
  });

async function readBlock(path: string) {
  const { messages } = await read(asking(path));
  const content = messages[0]?.content;
  return typeof content === 'string' ? undefined : content?.[1];
}

async function refusalOf(work: Promise<unknown>): Promise<ServiceError> {
  const outcome: unknown = await work.catch((error: unknown) => error);
  if (outcome instanceof ServiceError) return outcome;
  throw new Error('was not refused');
}

describe('a file', () => {
  it.each([
    ['picture.txt', { type: 'image', format: 'png' }],
    ['report.pdf', { type: 'document', format: 'pdf', name: 'report' }],
    ['table.csv', { type: 'document', format: 'csv', name: 'table' }],
    ['page.html', { type: 'document', format: 'html' }],
    ['notes.md', { type: 'document', format: 'md' }],
    ['no-extension', { type: 'document', format: 'txt', name: 'no-extension' }],
    ['clip.bin', { type: 'video', format: 'mp4' }],
    ['clip.mov', { type: 'video', format: 'mov' }],
    ['voice.wav', { type: 'audio', format: 'wav' }],
    ['song.mp3', { type: 'audio', format: 'mp3' }],
  ])('is what its content says: %s', async (name, expected) => {
    expect(await readBlock(inRoot(name))).toMatchObject({ ...expected, data: contents[name]?.toString('base64') });
  });

  it('may be named from a root on, and be a link that stays inside', async () => {
    expect(await readBlock('notes.md')).toMatchObject({ format: 'md' });
    expect(await readBlock('sub/inside.md')).toMatchObject({
      format: 'md',
      data: contents['notes.md']?.toString('base64'),
    });
  });

  it.each([
    ['../secret.txt'],
    ['sub/../../secret.txt'],
    [join(root, '..', 'secret.txt')],
    [`${root}/../secret.txt`],
    [join(base, 'secret.txt')],
    [join(base, 'allowed-not', 'x.txt')],
    ['/etc/passwd'],
    ['/nowhere/at-all'],
    ['link.txt'],
    ['way-out/secret.txt'],
    ['a\0b'],
  ])('outside of the roots is refused: %s', async (path) => {
    const error = await refusalOf(readBlock(path));
    expect(error).toMatchObject({ category: 'validation', reason: 'file_not_allowed' });
    expect(error.message).toContain('`messages[0].content[1].path`');
    expect(error.remedy).toContain('BEDROCK_ATTACHMENT_ROOTS');
    expect(`${error.message} ${error.remedy}`).not.toMatch(/secret|passwd|allowed\//);
  });

  it.each([
    ['missing.txt', 'file_unreadable', 'does not exist'],
    ['sub', 'file_unreadable', 'is no file'],
    ['pipe', 'file_unreadable', 'is no file'],
    ['empty.txt', 'file_unreadable', 'is empty'],
    ['large.txt', 'file_too_large', '2000 bytes'],
    ['program.png', 'file_kind_unknown', 'no kind that Bedrock takes'],
    ['broken.txt', 'file_kind_unknown', 'no kind that Bedrock takes'],
  ])('that cannot be sent is refused: %s', async (path, reason, words) => {
    const error = await refusalOf(readBlock(path));
    expect(error).toMatchObject({ category: 'validation', reason });
    expect(error.message).toContain(words);
  });

  it('with others may not exceed the limit of the request', async () => {
    writeFileSync(inRoot('half.txt'), Buffer.alloc(1_600, 'x'));
    expect(await refusalOf(read(asking('half.txt', 'half.txt')))).toMatchObject({ reason: 'file_too_large' });
    expect(await refusalOf(read(asking(...Array.from({ length: 41 }, () => 'notes.md'))))).toMatchObject({
      category: 'validation',
    });
  });

  it('is refused where the operator allows no directory', async () => {
    const none = createFileReader({ roots: [], maxBytes: 2_000, maxRequestBytes: 3_000 });
    expect(await refusalOf(none(asking('notes.md')))).toMatchObject({ reason: 'file_not_allowed' });
  });
});

describe('through the whole server', () => {
  let server: Composed;
  beforeAll(async () => {
    server = await startComposed({ BEDROCK_ATTACHMENT_ROOTS: root });
  });
  afterAll(() => server.close());

  const ask = (path: string, more: object = {}) =>
    server.invoke({ messages: asking(path).messages, cache: 'bypass', fallback: false, ...more });
  const sent = async () => JSON.parse((await server.modelCalls()).at(-1)?.requestBody ?? '{}') as object;
  const message = (block: object) => ({ messages: [{ content: [{ text: 'Look' }, block] }] });

  it('a picture, a document and a video reach a model that takes them', async () => {
    await ask('picture.txt', { model: 'nova-lite' });
    expect(await sent()).toMatchObject(message({ image: { source: { bytes: png.toString('base64') } } }));
    await ask('table.csv', { model: 'nova-lite' });
    expect(await sent()).toMatchObject(message({ document: { format: 'csv', name: 'table' } }));
    const { response } = await ask('clip.bin');
    expect(await sent()).toMatchObject(message({ video: { format: 'mp4' } }));
    expect(response.served.model).toMatch(/^amazon\.nova/);
  });

  it('audio reaches a model that takes it', async () => {
    const { response } = await ask('voice.wav', { model: 'mistral.voxtral-mini-3b-2507' });
    expect(await sent()).toMatchObject(message({ audio: { format: 'wav' } }));
    expect(response.stopReason).toBe('end_turn');
  });

  it('a model that takes no video is not asked', async () => {
    const error = await refusalOf(ask('clip.bin', { model: 'anthropic.claude-sonnet-4-5-20250929-v1:0' }));
    expect(error.message).toContain('takes no video');
  });

  it('are read for an estimate and a route as well', async () => {
    const request = asking('table.csv');
    const { inputTokens } = await server.service.estimate(request);
    const bare = await server.service.estimate(modelRequest.parse({ prompt: 'Look' }));
    expect(inputTokens).toBeGreaterThan(bare.inputTokens);
    expect((await server.service.route(asking('clip.bin'))).candidates[0]?.target.model).toMatch(/^amazon\.nova/);
    await expect(server.service.route(asking('../secret.txt'))).rejects.toMatchObject({ reason: 'file_not_allowed' });
  });

  it('that are not allowed cost nothing', async () => {
    await server.control.clearCalls();
    expect(await refusalOf(ask('link.txt'))).toMatchObject({ reason: 'file_not_allowed' });
    expect(await server.modelCalls()).toEqual([]);
  });
});
