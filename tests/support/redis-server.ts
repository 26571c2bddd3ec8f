import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A real Redis of our own, without persistence, on 127.0.0.1. */
export interface RedisServer {
  readonly url: string;
  /** Sends `redis-cli` arguments; gives its output. */
  command(...words: string[]): Promise<string>;
  signal(name: 'SIGSTOP' | 'SIGCONT' | 'SIGKILL'): void;
  stop(): Promise<void>;
}

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

const running = new Set<RedisServer>();

/** Ends every server that a test left behind. */
export async function stopAllRedis(): Promise<void> {
  await Promise.all([...running].map((server) => server.stop()));
}

export interface RedisServerOptions {
  /** One node that has all slots. */
  readonly cluster?: boolean;
}

/** @throws Error that says what to install when there is no redis-server. */
export async function startRedis(port?: number, { cluster = false }: RedisServerOptions = {}): Promise<RedisServer> {
  const at = port ?? (await freePort());
  const directory = mkdtempSync(join(tmpdir(), 'redis-'));
  const mode = cluster ? ['--cluster-enabled', 'yes', '--cluster-port', `${await freePort()}`] : [];
  const own = ['--port', `${at}`, '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--dir', directory];
  const flags = [...own, ...mode];
  const child = spawn('redis-server', flags, { stdio: ['ignore', 'pipe', 'ignore'] });
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  await ready(child);
  if (cluster) await takeAllSlots(at);
  const server: RedisServer = {
    url: `redis://127.0.0.1:${at}`,
    command: (...words) => redisCli(at, words),
    signal: (name) => {
      child.kill(name);
    },
    stop: async () => {
      child.kill('SIGKILL');
      await exited;
      rmSync(directory, { recursive: true, force: true });
      running.delete(server);
    },
  };
  running.add(server);
  return server;
}

function ready(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    child.once('error', () =>
      reject(new Error('These tests need redis-server: install it with `apt-get install -y redis-server`.')),
    );
    child.once('exit', (code) => reject(new Error(`redis-server ended at once with code ${code}`)));
    child.stdout?.on('data', (chunk: Buffer) => {
      if (chunk.toString().includes('Ready to accept connections')) resolve();
    });
  });
}

async function takeAllSlots(port: number): Promise<void> {
  await redisCli(port, ['CLUSTER', 'ADDSLOTSRANGE', '0', '16383']);
  for (let attempt = 0; attempt < 200; attempt += 1) {
    if ((await redisCli(port, ['CLUSTER', 'INFO'])).includes('cluster_state:ok')) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error('the cluster of one node did not come up');
}

function redisCli(port: number, words: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn('redis-cli', ['-p', `${port}`, ...words], { stdio: ['ignore', 'pipe', 'ignore'] });
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString();
    });
    child.once('error', reject);
    child.once('close', () => resolve(output.trim()));
  });
}
