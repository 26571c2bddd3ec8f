import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type CredentialWatcher, watchCredentialFiles } from '../../src/bedrock/credential-watcher.js';
import { systemClock } from '../../src/core/clock.js';
import { fakeClock } from '../support/fake-clock.js';

let folder: string;
let watcher: CredentialWatcher | undefined;
let changes = 0;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bedrock-watch-'));
  changes = 0;
});
afterEach(async () => {
  watcher?.close();
  await rm(folder, { recursive: true });
});

const file = () => join(folder, 'credentials');
function watch(files = [file()], clock = systemClock) {
  const onChange = () => {
    changes += 1;
  };
  watcher = watchCredentialFiles({ clock, files, onChange });
}

/** Waits until as many changes were seen, and never longer than rotation may take. */
async function seen(count: number): Promise<number> {
  const endMs = Date.now() + 2_000;
  while (changes < count && Date.now() < endMs) await systemClock.sleep(10);
  return changes;
}

describe('a change is noticed', () => {
  it('when the file is written, once for many writes', async () => {
    await writeFile(file(), 'a');
    watch();
    for (const text of ['b', 'cc', 'ddd']) await writeFile(file(), text);
    expect(await seen(1)).toBe(1);
    await systemClock.sleep(250);
    expect(changes).toBe(1);
  });

  it('when editors rename, each time', async () => {
    await writeFile(file(), 'a');
    watch();
    for (const [index, text] of ['bb', 'ccc', 'dddd'].entries()) {
      await writeFile(`${file()}.new`, text);
      await rename(`${file()}.new`, file());
      expect(await seen(index + 1)).toBe(index + 1);
    }
  });

  it('when the file comes and goes', async () => {
    watch();
    await writeFile(file(), 'a');
    expect(await seen(1)).toBe(1);
    await rm(file());
    expect(await seen(2)).toBe(2);
  });

  it('when a link to a directory is swapped, as Kubernetes does it', async () => {
    for (const [name, text] of [
      ['one', 'a'],
      ['two', 'bb'],
    ] as const) {
      await mkdir(join(folder, name));
      await writeFile(join(folder, name, 'token'), text);
    }
    await symlink('one', join(folder, '..data'));
    await symlink(join('..data', 'token'), join(folder, 'token'));
    watch([join(folder, 'token')]);
    await symlink('two', join(folder, '..data_tmp'));
    await rename(join(folder, '..data_tmp'), join(folder, '..data'));
    expect(await seen(1)).toBe(1);
    // The directory that the link now leads to is followed too.
    await writeFile(join(folder, 'two', 'token'), 'ccc');
    expect(await seen(2)).toBe(2);
  });

  it('by the poll, where nothing can be watched', async () => {
    const clock = fakeClock();
    const late = join(folder, 'not-there-yet');
    watch([join(late, 'credentials')], clock);
    await clock.advance(1_000);
    expect(changes).toBe(0);
    await mkdir(late);
    await writeFile(join(late, 'credentials'), 'a');
    await clock.advance(1_000);
    expect(changes).toBe(1);
  });
});

describe('nothing is told', () => {
  it('of other files in the directory', async () => {
    await writeFile(file(), 'a');
    watch();
    await writeFile(join(folder, 'other'), 'b');
    await systemClock.sleep(250);
    expect(changes).toBe(0);
  });

  it('after the close', async () => {
    watch();
    watcher?.close();
    await writeFile(file(), 'a');
    await systemClock.sleep(250);
    expect(changes).toBe(0);
  });
});
