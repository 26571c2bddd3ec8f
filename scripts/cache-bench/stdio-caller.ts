import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';

const newline = 0x0a;
/** A kernel tick, as Linux counts CPU time in /proc. */
const tickMs = 10;

export interface StdioServerCommand {
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly tool: string;
  readonly toolArguments: Readonly<Record<string, unknown>>;
}

/** A client that does as little as it can, so that it is the server that is measured. */
export interface StdioCaller {
  /** Makes the calls, so many at once; gives the last answer. */
  call(count: number, atOnce: number): Promise<unknown>;
  /** CPU that the server process used since its start, milliseconds, in steps of ten; undefined where there is no /proc. */
  cpuMs(): number | undefined;
  close(): void;
}

/** Starts a server and greets it as clients of 2025-11-25 do. */
export async function startStdioCaller({ args, env, tool, toolArguments }: StdioServerCommand): Promise<StdioCaller> {
  const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'ignore'], env: { ...process.env, ...env } });
  const lines = createLineCount(child);
  let id = 0;
  const send = (method: string, params: object): void => {
    id += 1;
    child.stdin.write(`${JSON.stringify({ jsonrpc: '2.0', id, method, params })}\n`);
  };
  const params = { name: tool, arguments: toolArguments };
  const call = async (count: number, atOnce: number): Promise<unknown> => {
    let started = 0;
    const done = lines.next(count, () => {
      started += 1;
      if (started <= count) send('tools/call', params);
    });
    for (; started < Math.min(atOnce, count); started += 1) send('tools/call', params);
    return JSON.parse(await done);
  };
  const greeted = lines.next(1);
  const clientInfo = { name: 'bench', version: '1.0.0' };
  send('initialize', { protocolVersion: '2025-11-25', capabilities: {}, clientInfo });
  await greeted;
  child.stdin.write(`${JSON.stringify({ jsonrpc: '2.0', method: 'notifications/initialized' })}\n`);
  return { call, cpuMs: () => cpuOf(child.pid), close: () => child.kill('SIGKILL') };
}

interface Expected {
  left: number;
  readonly onLine: () => void;
  readonly done: (line: string) => void;
}

/** Counts the lines of a process; only the last of those that are expected is read. */
function createLineCount(child: ChildProcess) {
  let expected: Expected | undefined;
  let line: Buffer[] = [];
  const ended = new Promise<never>((_, failed) => {
    child.once('exit', (code) => failed(new Error(`the server ended with ${code}`)));
  });
  // While nobody waits it may end.
  ended.catch(() => undefined);
  const endLine = (): void => {
    if (!expected) return;
    expected.left -= 1;
    expected.onLine();
    if (expected.left === 0) expected.done(Buffer.concat(line).toString());
  };
  child.stdout?.on('data', (chunk: Buffer) => {
    let start = 0;
    for (let end = chunk.indexOf(newline); end >= 0; end = chunk.indexOf(newline, start)) {
      line.push(chunk.subarray(start, end));
      endLine();
      line = [];
      start = end + 1;
    }
    if (start < chunk.length) line.push(chunk.subarray(start));
  });
  return {
    next: (count: number, onLine: () => void = () => undefined): Promise<string> => {
      const last = new Promise<string>((done) => {
        expected = { left: count, onLine, done };
      });
      return Promise.race([last, ended]);
    },
  };
}

function cpuOf(pid: number | undefined): number | undefined {
  try {
    // Fields 14 and 15 of proc(5); the name before them may hold anything, so count from its closing bracket.
    const fields = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ').at(-1)?.split(' ') ?? [];
    return (Number(fields[11]) + Number(fields[12])) * tickMs;
  } catch {
    return undefined;
  }
}
