import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Environment } from './sources.js';

const directoryName = 'kairos-bedrock-mcp';

function dataHome(env: Environment, home: string, platform: NodeJS.Platform): string {
  if (platform === 'win32') return env['LOCALAPPDATA'] || join(home, 'AppData', 'Local');
  if (platform === 'darwin') return join(home, 'Library', 'Application Support');
  return env['XDG_DATA_HOME'] || join(home, '.local', 'share');
}

/** The absolute data directory: the operator's (a leading `~/` is the home directory), else the platform's place. */
export function dataDirectory(configured: string | undefined, env: Environment, platform = process.platform): string {
  const home = env['HOME'] || env['USERPROFILE'] || homedir();
  if (configured === undefined) return join(dataHome(env, home, platform), directoryName);
  return resolve(configured.startsWith('~/') ? join(home, configured.slice(2)) : configured);
}
