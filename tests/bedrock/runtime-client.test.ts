import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, it } from '@jest/globals';
import { createAuthenticationManager } from '../../src/bedrock/authentication-manager.js';
import { connectionDefaults } from '../../src/bedrock/connection-options.js';
import { createRuntimeClient } from '../../src/bedrock/runtime-client.js';
import { createSdkHandler } from '../../src/bedrock/sdk-handler.js';
import { systemClock } from '../../src/core/clock.js';

const authentication = createAuthenticationManager({ clock: systemClock, accessKeyId: 'a', secretAccessKey: 's' });

function clientAt(region: string, endpoint?: string) {
  const warmed: string[] = [];
  const warm = async (url: URL) => void warmed.push(url.href);
  const requestHandler = { ...createSdkHandler(connectionDefaults), warm };
  const client = createRuntimeClient({ authentication, region, requestHandler, ...(endpoint && { endpoint }) });
  return { client, warmed };
}

it.each([
  ['us-east-1', undefined, 'https://bedrock-runtime.us-east-1.amazonaws.com/'],
  ['cn-north-1', undefined, 'https://bedrock-runtime.cn-north-1.amazonaws.com.cn/'],
  ['us-east-1', 'http://127.0.0.1:9/', 'http://127.0.0.1:9/'],
])('warms the endpoint of %s %s', async (region, endpoint, expected) => {
  const { client, warmed } = clientAt(region, endpoint);
  await client.warm();
  expect(warmed).toEqual([expected]);
  client.destroy();
});

it.each([
  ['far off', 3_600_000, true],
  ['near', 5_000, false],
])('takes over a time that is %s: %i ms', (_, offsetMs, expected) => {
  const headers = { date: new Date(Date.now() + offsetMs).toUTCString() };
  expect(clientAt('us-east-1').client.correctClock({ $response: { headers } })).toBe(expected);
});

it('keeps its time when the refusal came without one', () => {
  expect(clientAt('us-east-1').client.correctClock(new Error('refused'))).toBe(false);
});

it('is not loaded before it is needed, nor any other part of the SDK', async () => {
  const script = `
    const { Module } = await import('node:module');
    for (const name of ['bedrock-client', 'authentication-manager', 'control-plane', 'connection-check']) {
      await import('./src/bedrock/' + name + '.ts');
    }
    const loaded = Object.keys(Module._cache).filter((file) => /@aws-sdk|@smithy/.test(file));
    console.log(JSON.stringify(loaded));`;
  const { stdout } = await promisify(execFile)(process.execPath, [
    '--import',
    'tsx',
    '--input-type=module',
    '-e',
    script,
  ]);
  expect(JSON.parse(stdout)).toEqual([]);
});
