import { styleText } from 'node:util';
import Table from 'cli-table3';

export interface OutputStream {
  write(text: string): unknown;
  readonly isTTY?: boolean | undefined;
}

export type Style = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'cyan';

export interface Terminal {
  /** A line of the result, on stdout. */
  print(line: string): void;
  /** A line about the result, on stderr. */
  note(line: string): void;
  json(value: unknown): void;
  table(head: readonly string[], rows: readonly (readonly string[])[]): void;
  /** Coloured only where a person reads. */
  style(style: Style, text: string): string;
  /** Text of others: on a terminal its control characters are taken out. */
  foreign(text: string): string;
}

const noBorders = {
  top: '',
  'top-mid': '',
  'top-left': '',
  'top-right': '',
  bottom: '',
  'bottom-mid': '',
  'bottom-left': '',
  'bottom-right': '',
  left: '',
  'left-mid': '',
  mid: '',
  'mid-mid': '',
  right: '',
  'right-mid': '',
  middle: '  ',
} as const;

interface TerminalOptions {
  readonly stdout: OutputStream;
  readonly stderr: OutputStream;
  readonly env: Readonly<Record<string, string | undefined>>;
}

export function createTerminal({ stdout, stderr, env }: TerminalOptions): Terminal {
  const isColoured = stdout.isTTY === true && !env['NO_COLOR'] && env['TERM'] !== 'dumb';
  const style = (name: Style, text: string) => (isColoured ? styleText(name, text, { validateStream: false }) : text);
  const foreign = (text: string) => (stdout.isTTY ? text.replace(/(?![\n\t])\p{Cc}/gu, '') : text);
  const print = (line: string) => void stdout.write(`${line}\n`);
  return {
    print,
    note: (line) => void stderr.write(`${line}\n`),
    json: (value) => print(JSON.stringify(value, null, 2)),
    table: (head, rows) => {
      const table = new Table({
        head: head.map((title) => style('bold', title)),
        chars: noBorders,
        style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
      });
      table.push(...rows.map((row) => [...row]));
      for (const line of table.toString().split('\n')) print(line.trimEnd());
    },
    style,
    foreign,
  };
}
