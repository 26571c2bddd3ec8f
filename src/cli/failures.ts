import { CommanderError } from 'commander';
import { ServiceError } from '../core/errors.js';
import type { Terminal } from './terminal.js';

const exitCodes = { failure: 1, usage: 2 } as const;

/** The command was called or configured wrongly: exit code 2. */
export const usageFailure = (message: string) => new CommanderError(exitCodes.usage, 'kairos.usage', message);

/** The command has already said what is wrong: exit code 1 and no further words. */
export const saidFailure = () => new CommanderError(exitCodes.failure, 'kairos.failed', '');

const helpCodes = new Set(['commander.help', 'commander.helpDisplayed', 'commander.version']);

/** Says what went wrong, on stderr, and returns the exit code. What is not our error only goes to `logUnexpected`. */
export function reportFailure(thrown: unknown, terminal: Terminal, logUnexpected: (thrown: unknown) => void): number {
  if (thrown instanceof CommanderError) return reportCommander(thrown, terminal);
  if (thrown instanceof ServiceError) {
    terminal.note(terminal.style('red', `${thrown.category}: ${thrown.message}`));
    terminal.note(thrown.remedy);
    return exitCodes.failure;
  }
  logUnexpected(thrown);
  terminal.note(terminal.style('red', 'The command failed unexpectedly; the log has the cause.'));
  return exitCodes.failure;
}

function reportCommander({ code, exitCode, message }: CommanderError, terminal: Terminal): number {
  if (helpCodes.has(code)) return exitCode;
  // Commander has already written its own messages.
  if (code.startsWith('commander.')) return exitCodes.usage;
  if (message !== '') terminal.note(message);
  return exitCode;
}
