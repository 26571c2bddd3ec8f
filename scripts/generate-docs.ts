// Writes docs/reference and the marked sections of README.md from the objects that the program itself runs on.
//   tsx scripts/generate-docs.ts [--check] [--root DIR]
// --check writes nothing, names what differs, and exits 1 if anything does.
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { tools } from '../tools/index.js';
import { findDrift, generateDocs, writeDocs } from './docs/generated-docs.js';

const { values } = parseArgs({
  options: { check: { type: 'boolean', default: false }, root: { type: 'string', default: '.' } },
});
const root = resolve(values.root);
const files = await generateDocs(root, tools);
const drifted = await findDrift(root, files);

if (!values.check) {
  await writeDocs(root, files);
  console.log(drifted.length === 0 ? 'The docs were up to date.' : `Written: ${drifted.join(', ')}`);
} else if (drifted.length > 0) {
  console.error(`Out of date: ${drifted.join(', ')}. Run \`npm run docs\`.`);
  process.exitCode = 1;
}
