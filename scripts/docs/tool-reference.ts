import type { Tool } from '../../src/server/define-tool.js';
import { toolSchema } from '../../src/server/tool-listing.js';
import { type Property, propertiesOf } from './json-schema-type.js';
import { code, page, table } from './markdown.js';

const kinds: Readonly<Record<Tool['kind'], string>> = {
  read: 'Reads only: it spends nothing and changes nothing.',
  write: 'Calls a model and may spend money.',
  admin: 'Changes the server itself.',
};

function resultTable(results: readonly Property[]): string {
  const rows = results.map(({ name, type, required, description }) => [
    code(name),
    type,
    required ? 'yes' : '',
    description,
  ]);
  return table(['field', 'type', 'always', 'meaning'], rows);
}

function toolSection(tool: Tool): string {
  const { name, title, description } = tool;
  const inputs = propertiesOf(toolSchema(tool.input, 'input'));
  const argumentRows = inputs.map((input) => [
    code(input.name),
    input.type,
    input.required ? 'yes' : '',
    input.description,
  ]);
  const results = propertiesOf(toolSchema(tool.output, 'output'));
  const others = tool.alternative ? propertiesOf(toolSchema(tool.alternative, 'output')) : [];
  return [
    `## ${code(name)}: ${title}`,
    description,
    kinds[tool.kind],
    '### Arguments',
    inputs.length > 0 ? table(['argument', 'type', 'required', 'meaning'], argumentRows) : 'None.',
    '### Example',
    ['```json', JSON.stringify(tool.example), '```'].join('\n'),
    '### Result',
    resultTable(results),
    ...(others.length > 0 ? ['Or, in its place:', resultTable(others)] : []),
  ].join('\n\n');
}

export function toolReference(tools: readonly Tool[]): string {
  const intro =
    'Every result has `structuredContent` of the shape below and a short text that says the same. ' +
    'An error is a result with `isError: true` and `structuredContent.error`; see [errors](errors.md).';
  return page('Tools', intro, ...tools.map(toolSection));
}

const firstSentence = (text: string): string => text.match(/^[\s\S]*?[.!?](?=\s|$)/)?.[0] ?? text;

/** The table of the README. */
export function toolSummary(tools: readonly Tool[]): string {
  return table(
    ['tool', 'kind', 'what it does'],
    tools.map(({ name, kind, description }) => [code(name), kind, firstSentence(description)]),
  );
}
