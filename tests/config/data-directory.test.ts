import { describe, expect, it } from '@jest/globals';
import { dataDirectory } from '../../src/config/data-directory.js';

describe('dataDirectory', () => {
  it.each<[NodeJS.Platform, Record<string, string>, string]>([
    ['linux', { HOME: '/h' }, '/h/.local/share/kairos-bedrock-mcp'],
    ['darwin', { HOME: '/h' }, '/h/Library/Application Support/kairos-bedrock-mcp'],
    ['win32', { LOCALAPPDATA: '/l' }, '/l/kairos-bedrock-mcp'],
    ['win32', { USERPROFILE: '/u' }, '/u/AppData/Local/kairos-bedrock-mcp'],
  ])('%s %j', (platform, env, expected) => {
    expect(dataDirectory(undefined, env, platform)).toBe(expected);
  });

  it('makes a relative path absolute', () => {
    expect(dataDirectory('data', {})).toBe(`${process.cwd()}/data`);
  });
});
