import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  type HttpServerProcess,
  type ServerFolder,
  serverEntry,
  serverFolder,
  startHttpServer,
} from '../support/built-server.js';

/* The MCP Inspector's own command line against the built server: exit code 0 is its word that all is well. */

const run = promisify(execFile);
const inspector = 'node_modules/@modelcontextprotocol/inspector/clients/launcher/build/index.js';

describe('the Inspector', () => {
  let folder: ServerFolder;
  let server: HttpServerProcess;

  beforeAll(async () => {
    folder = serverFolder();
    server = await startHttpServer(['--sandbox'], folder.env);
  });
  afterAll(async () => {
    await server.stop();
    folder.remove();
  });

  const inspect = async (place: readonly string[], method: readonly string[]): Promise<unknown> => {
    const env = { ...folder.env, HOME: folder.env['BEDROCK_DATA_DIR'] };
    const args = [inspector, '--cli', '-q', ...place, ...method, '--format', 'json'];
    const { stdout } = await run(process.execPath, args, { env, timeout: 60_000 });
    return JSON.parse(stdout);
  };
  // The Inspector hands on only the environment that it is told to.
  const overStdio = () => [
    ...Object.entries({ ...folder.env, BEDROCK_SANDBOX: 'true' })
      .filter(([name]) => name.startsWith('BEDROCK_'))
      .flatMap(([name, value]) => ['-e', `${name}=${value}`]),
    process.execPath,
    serverEntry,
  ];
  const overHttp = () => [`${server.url}/mcp`, '--transport', 'http'];
  const overSse = () => [`${server.url}/sse`, '--transport', 'sse'];
  const inEra = (era: 'legacy' | 'modern', place: () => string[]) => () => [...place(), '--protocol-era', era];

  it.each([
    ['stdio, 2025', inEra('legacy', overStdio)],
    ['http, 2025', inEra('legacy', overHttp)],
    ['sse, 2025', overSse],
    ['stdio, 2026', inEra('modern', overStdio)],
    ['http, 2026', inEra('modern', overHttp)],
  ])(
    'lists the tools without a complaint and calls bedrock_invoke over %s',
    async (_, place) => {
      const listed = JSON.stringify(await inspect(place(), ['--strict', '--method', 'tools/list']));
      expect(listed).toContain('bedrock_invoke');
      const call = ['--method', 'tools/call', '--tool-name', 'bedrock_invoke', '--tool-arg', 'prompt=Hello'];
      expect(JSON.stringify(await inspect(place(), call))).toContain('sandbox');
    },
    120_000,
  );

  it('exits with its code for a failed tool when the arguments are wrong', async () => {
    const call = ['--method', 'tools/call', '--tool-name', 'bedrock_invoke', '--tool-arg', 'promt=Hello'];
    await expect(inspect(overHttp(), call)).rejects.toMatchObject({ code: 5 });
  });
});
