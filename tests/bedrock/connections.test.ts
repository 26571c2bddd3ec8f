import { describe, expect, it } from '@jest/globals';
import { createAuthenticationManager } from '../../src/bedrock/authentication-manager.js';
import { connectionDefaults } from '../../src/bedrock/connection-options.js';
import { createConnectionWatch } from '../../src/bedrock/connection-watch.js';
import { createRuntimeClient } from '../../src/bedrock/runtime-client.js';
import { sdkConfig } from '../../src/bedrock/sdk-config.js';
import { createSdkHandler } from '../../src/bedrock/sdk-handler.js';
import { systemClock as clock } from '../../src/core/clock.js';
import { callContext } from '../support/call-context.js';
import { startTestSandbox } from '../support/sandbox.js';
import { clientOf, errorOf, routed } from './client-setup.js';

it('runs 500 streams at once without a hidden queue, and shows them', async () => {
  const sandbox = await startTestSandbox({ latency: { firstTokenMs: 4_000, tokensPerSecond: 0 } });
  const watch = createConnectionWatch({ clock });
  const connection = { maxSockets: 500, watch };
  const client = clientOf(sandbox.url, sandbox.catalogue, { connection, firstTokenTimeoutMs: 50_000 });
  const running = Array.from({ length: 500 }, () => client.converse(routed(), callContext()));
  for (let look = 0; look < 500 && watch.pools().busy < 500; look += 1) await clock.sleep(10);
  expect(watch.pools()).toEqual({ busy: 500, idle: 0, waiting: 0 });
  const answers = await Promise.all(running);
  expect(new Set(answers.map(({ stopReason }) => stopReason))).toEqual(new Set(['end_turn']));
  expect(watch.pools()).toMatchObject({ busy: 0, waiting: 0 });
  expect(Math.abs(watch.clockOffsetMs() ?? Number.NaN)).toBeLessThan(60_000);
  client.close();
  await clock.sleep(0);
  expect(watch.pools()).toEqual({ busy: 0, idle: 0, waiting: 0 });
  await sandbox.close();
}, 60_000);

it('shows the calls that wait for a socket', async () => {
  const sandbox = await startTestSandbox({ latency: { firstTokenMs: 200, tokensPerSecond: 0 } });
  const watch = createConnectionWatch({ clock });
  const client = clientOf(sandbox.url, sandbox.catalogue, { connection: { maxSockets: 2, watch } });
  const running = Array.from({ length: 5 }, () => client.converse(routed(), callContext()));
  for (let look = 0; look < 100 && watch.pools().waiting < 3; look += 1) await clock.sleep(5);
  expect(watch.pools()).toEqual({ busy: 2, idle: 0, waiting: 3 });
  await Promise.all(running);
  client.close();
  await sandbox.close();
});

it('recovers by itself after the endpoint went away', async () => {
  const first = await startTestSandbox();
  const client = clientOf(first.url, first.catalogue);
  await client.converse(routed(), callContext());
  await first.close();
  expect(await errorOf(client.converse(routed(), callContext()))).toMatchObject({ category: 'network' });
  const second = await startTestSandbox({ port: first.sandbox.port });
  expect(await client.converse(routed(), callContext())).toMatchObject({ stopReason: 'end_turn' });
  client.close();
  await second.close();
});

it('notices a clock that is wrong from any answer', async () => {
  const sandbox = await startTestSandbox();
  await sandbox.control.clock(90_000);
  const watch = createConnectionWatch({ clock });
  const client = clientOf(sandbox.url, sandbox.catalogue, { connection: { watch } });
  await client.converse(routed(), callContext());
  expect(watch.clockOffsetMs()).toBeGreaterThan(80_000);
  client.close();
  await sandbox.close();
});

describe('endpoints of AWS', () => {
  const authentication = createAuthenticationManager({ clock, accessKeyId: 'a', secretAccessKey: 's' });
  const warmed = async (connection: object, endpoint?: string) => {
    const urls: string[] = [];
    const warm = async (url: URL) => void urls.push(url.hostname);
    const requestHandler = { ...createSdkHandler(connectionDefaults), warm };
    const own = endpoint === undefined ? {} : { endpoint };
    const client = createRuntimeClient({ authentication, region: 'us-west-2', requestHandler, connection, ...own });
    await client.warm();
    client.destroy();
    return urls[0];
  };

  it.each([
    [{}, 'bedrock-runtime.us-west-2.amazonaws.com'],
    [{ fips: true }, 'bedrock-runtime-fips.us-west-2.amazonaws.com'],
    [{ dualStack: true }, 'bedrock-runtime.us-west-2.api.aws'],
    [{ fips: true, dualStack: true }, 'bedrock-runtime-fips.us-west-2.api.aws'],
  ])('under %j are at %s', async (connection, host) => {
    expect(await warmed(connection)).toBe(host);
  });

  it('are not mixed with one of our own', () => {
    const requestHandler = createSdkHandler(connectionDefaults);
    const endpoint = 'http://127.0.0.1:9';
    const config = sdkConfig({ authentication, region: 'r', requestHandler, endpoint, connection: { fips: true } });
    expect(config).toMatchObject({ endpoint, useFipsEndpoint: false, useDualstackEndpoint: false });
    requestHandler.destroy();
  });
});
