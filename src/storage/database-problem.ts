import { ServiceError } from '../core/errors.js';
import { newerVersionCode } from './migrations/newer-version.js';

interface Problem {
  readonly message: string;
  readonly remedy: string;
}

type Known = readonly [pattern: RegExp, problem: Problem];

const dataDir = 'BEDROCK_DATA_DIR';

const newer: Problem = {
  message: 'The database was written by a newer version of this server.',
  remedy: `Start the newer version again, or point ${dataDir} (or BEDROCK_DATABASE_URL) at another place.`,
};

/** By code and message, the first that matches. */
const sqliteProblems: readonly Known[] = [
  [new RegExp(newerVersionCode), newer],
  [
    /SQLITE_FULL|disk is full|ENOSPC/i,
    {
      message: 'The disk of the database is full.',
      remedy: `Make room on the disk under ${dataDir}; what waits is written by itself then.`,
    },
  ],
  [
    /SQLITE_READONLY|readonly database|EROFS|EACCES|EPERM/i,
    {
      message: 'The database cannot be written to.',
      remedy: `Give this server the right to write to ${dataDir}, or name another directory.`,
    },
  ],
  [
    /SQLITE_BUSY|SQLITE_LOCKED|database is locked/i,
    {
      message: 'Another program keeps the database locked.',
      remedy: `End the program that has the files in ${dataDir} open, or wait until it is done.`,
    },
  ],
  [
    /SQLITE_NOTADB|SQLITE_CORRUPT|not a database|malformed/i,
    {
      message: 'The file of the database is damaged, or is none.',
      remedy: `Move the file in ${dataDir} away, or put a copy of it back.`,
    },
  ],
  [
    /SQLITE_CANTOPEN|unable to open|ENOTDIR|EEXIST|EISDIR|ENOENT/i,
    {
      message: 'The database cannot be opened.',
      remedy: `Make sure that ${dataDir} names a directory that this server may write to, on a disk with space.`,
    },
  ],
];

const postgresProblems: readonly Known[] = [
  [new RegExp(newerVersionCode), newer],
  [
    /28P01|28000|password authentication/i,
    { message: 'PostgreSQL refuses the credentials.', remedy: 'Check the user and password in BEDROCK_DATABASE_URL.' },
  ],
  [
    /42501|permission denied/i,
    {
      message: 'PostgreSQL does not let this server use its tables.',
      remedy: 'Grant the user of BEDROCK_DATABASE_URL the right to create tables in its schema.',
    },
  ],
  [
    /ECONN|ENOTFOUND|EAI_AGAIN|ETIMEDOUT|EPIPE|timeout|terminated|57P0|08\d{3}|3D000|not connected/i,
    {
      message: 'PostgreSQL cannot be reached.',
      remedy: 'Check that the server in BEDROCK_DATABASE_URL runs; what waits is written by itself when it is back.',
    },
  ],
  [
    /53100|53\d{3}/,
    { message: 'PostgreSQL is out of room.', remedy: 'Give the server of BEDROCK_DATABASE_URL disk or connections.' },
  ],
];

/** What is wrong, in our own words; the library's are its cause, and never shown. */
export function databaseProblem(error: unknown, dialect: 'sqlite' | 'postgres'): ServiceError {
  if (error instanceof ServiceError) return error;
  const told = textOf(error);
  const known = dialect === 'sqlite' ? sqliteProblems : postgresProblems;
  const problem = known.find(([pattern]) => pattern.test(told))?.[1];
  return new ServiceError('internal', problem?.message ?? 'The database could not be read or written.', {
    remedy: problem?.remedy ?? 'The operator has to look at the log; run `kairos-bedrock-mcp doctor`.',
    cause: error,
  });
}

function textOf(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(textOf).join(' ');
  if (!(error instanceof Error)) return String(error);
  const code: unknown = 'code' in error ? error.code : undefined;
  return `${typeof code === 'string' ? code : ''} ${error.message}`;
}
