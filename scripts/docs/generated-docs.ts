import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Tool } from '../../src/server/define-tool.js';
import { registryManifest } from '../packaging/manifests.js';
import { clientSummary } from './client-snippets.js';
import { errorReference, eventReference, metricReference } from './other-references.js';
import { settingReference, settingSummary } from './setting-reference.js';
import { toolReference, toolSummary } from './tool-reference.js';

/** Text of a file; undefined when there is none. */
async function textOf(path: string): Promise<string | undefined> {
  return await readFile(path, 'utf8').catch(() => undefined);
}

/** Puts `content` between the markers of a section; a text without them stays as it is. */
export function replaceSection(text: string, name: string, content: string): string {
  const begin = `<!-- generated:${name} -->`;
  const end = `<!-- /generated:${name} -->`;
  const from = text.indexOf(begin);
  const to = text.indexOf(end, from);
  if (from < 0 || to < 0) return text;
  return `${text.slice(0, from + begin.length)}\n${content}\n${text.slice(to)}`;
}

/** Every generated file below `root` with the text it should have. */
export async function generateDocs(root: string, tools: readonly Tool[]): Promise<ReadonlyMap<string, string>> {
  const files = new Map([
    ['docs/reference/tools.md', toolReference(tools)],
    ['docs/reference/settings.md', settingReference()],
    ['docs/reference/errors.md', errorReference()],
    ['docs/reference/metrics.md', metricReference()],
    ['docs/reference/events.md', eventReference()],
    ['server.json', `${JSON.stringify(registryManifest(), null, 2)}\n`],
  ]);
  const readme = await textOf(join(root, 'README.md'));
  if (readme === undefined) return files;
  const sections = { clients: clientSummary(), tools: toolSummary(tools), settings: settingSummary() };
  const written = Object.entries(sections).reduce(
    (text, [name, content]) => replaceSection(text, name, content),
    readme,
  );
  return files.set('README.md', written);
}

/** The files that differ from what they should be. */
export async function findDrift(root: string, files: ReadonlyMap<string, string>): Promise<readonly string[]> {
  const drifted: string[] = [];
  for (const [path, expected] of files) {
    if ((await textOf(join(root, path))) !== expected) drifted.push(path);
  }
  return drifted;
}

export async function writeDocs(root: string, files: ReadonlyMap<string, string>): Promise<void> {
  for (const [path, content] of files) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), content);
  }
}
