import { configFileVariable, unsupportedNames } from '../../src/config/known-names.js';
import { type SettingDefinition, settingTable } from '../../src/config/setting-table.js';
import { profileDefaults } from '../../src/config/settings-schema.js';
import { code, page, table } from './markdown.js';

function defaultOf({ defaultValue, defaultText, path }: SettingDefinition): string {
  if (defaultText !== undefined) return defaultText;
  if (defaultValue === undefined) return 'not set';
  if (Array.isArray(defaultValue)) return defaultValue.length === 0 ? 'none' : code(defaultValue.join(','));
  // Kept in milliseconds, given in seconds.
  if (path.at(-1)?.endsWith('Ms')) return code(String(Number(defaultValue) / 1_000));
  return code(typeof defaultValue === 'string' ? defaultValue : JSON.stringify(defaultValue));
}

function descriptionOf({ description, alternatives = [], secret }: SettingDefinition): string {
  const others = alternatives.length > 0 ? ` Otherwise ${alternatives.map(code).join(', ')}.` : '';
  return `${description}${others}${secret ? secretNotes[secret] : ''}`;
}

const secretNotes: Readonly<Record<NonNullable<SettingDefinition['secret']>, string>> = {
  value: ' Secret: masked wherever it is shown.',
  credentials: ' User and password in it are masked wherever it is shown.',
};

const configFileRow = [
  code(configFileVariable),
  'path of a YAML or JSON file',
  'none',
  'File with more settings, under the names of this table.',
];

const intro = `Settings come from command-line flags, then the environment, then one file, then the profile that
\`BEDROCK_ENVIRONMENT\` picks, then the defaults below; the first that has a value wins. The file (\`BEDROCK_CONFIG_FILE\`
or \`--config\`) is YAML or JSON and uses the names of the environment variables as keys. An empty variable counts as not
set. A wrong value, or an unknown name that begins with \`BEDROCK_\` or \`AWS_BEDROCK_\`, stops the start with exit code 2
and says what is wrong. \`kairos-bedrock-mcp config print\` shows what is in force and where it came from.

AWS's own variables that are not listed (\`AWS_ACCESS_KEY_ID\`, \`AWS_CONFIG_FILE\` …) work as in every AWS program.`;

function profileSection(): string {
  const rows = Object.entries(profileDefaults).map(([profile, values]) => [
    code(profile),
    Object.entries(values)
      .map(([name, value]) => code(`${name}=${value}`))
      .join(', ') || 'as in the table above',
  ]);
  return `## Profiles\n\n${table(['BEDROCK_ENVIRONMENT', 'other defaults'], rows)}`;
}

function unsupportedSection(): string {
  const names = Object.entries(unsupportedNames).map(([name, off]) => {
    const accepted = off.length > 0 ? ` (${off.map(code).join(' or ')} is accepted)` : '';
    return `- ${code(name)}${accepted}`;
  });
  return [
    '## Not supported by this version',
    'These names are reserved. Setting one stops the start, because it would have no effect.',
    names.join('\n'),
  ].join('\n\n');
}

export function settingReference(): string {
  const rows = settingTable.map((definition) => [
    code(definition.variable),
    definition.form,
    defaultOf(definition),
    descriptionOf(definition),
  ]);
  const settings = table(['variable', 'value', 'default', 'meaning'], [...rows, configFileRow]);
  return page('Settings', intro, settings, profileSection(), unsupportedSection());
}

/** The table of the README. */
export function settingSummary(): string {
  return table(
    ['variable', 'default', 'meaning'],
    settingTable.map((definition) => [code(definition.variable), defaultOf(definition), definition.description]),
  );
}
