import { settingTable } from './setting-table.js';

export const configFileVariable = 'BEDROCK_CONFIG_FILE';

/**
 * Names that are promised but whose feature this version does not have. A value that only says "off" is the truth and
 * passes; any other would be silently ignored, so it stops the start.
 */
export const unsupportedNames: Readonly<Record<string, readonly string[]>> = {
  BEDROCK_LANGFUSE_ENABLED: ['false', '0'],
  BEDROCK_CAPTURE_CONTENT: ['none'],
  BEDROCK_RETENTION_DAYS: [],
};

export const isOurs = (name: string): boolean => /^(AWS_)?BEDROCK_/i.test(name);

const supportedNames = settingTable.map((definition) => definition.variable);
const names = new Set([...supportedNames, configFileVariable]);

export const isSupported = (name: string): boolean => names.has(name);

/** The supported name most like `name`, if any is close enough to be meant. */
export async function nearestName(name: string): Promise<string | undefined> {
  // Only a start that fails needs it, so it is not on the way of one that succeeds.
  const { closest, distance } = (await import('fastest-levenshtein')).default;
  const upper = name.toUpperCase();
  const nearest = closest(upper, [...names]);
  return distance(upper, nearest) <= Math.max(2, Math.floor(nearest.length * 0.4)) ? nearest : undefined;
}
