import type { Command } from 'commander';
import type { CommandContext } from '../command-context.js';
import { usageFailure } from '../failures.js';

const defaultPort = 8_766;
const highestPort = 65_535;

function readPort(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (!(port <= highestPort)) throw usageFailure(`--port must be a whole number from 0 to ${highestPort}.`);
  return port;
}

export function addSandbox(program: Command, { terminal, startSandbox, signal }: CommandContext): void {
  program
    .command('sandbox')
    .description('run the stand-in for Bedrock alone, for other programs; its answers say what they are')
    .option('--port <port>', 'port to listen on; 0 takes a free one', readPort, defaultPort)
    .action(async ({ port }: { port: number }) => {
      const sandbox = await startSandbox({ host: '127.0.0.1', port });
      terminal.print(`The sandbox listens at ${terminal.style('bold', sandbox.url)}`);
      for (const [name, value] of Object.entries(sandbox.environment)) terminal.print(`export ${name}=${value}`);
      await aborted(signal);
      await sandbox.close();
    });
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
