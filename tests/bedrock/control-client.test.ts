import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { createAuthenticationManager } from '../../src/bedrock/authentication-manager.js';
import { type ControlPlane, createControlPlane } from '../../src/bedrock/control-plane.js';
import { systemClock as clock } from '../../src/core/clock.js';
import { region } from '../../src/core/target.js';
import { errorOf } from './client-setup.js';

/* The sandbox has none of the account's own resources, so this answers for them in the shapes of the control plane. */

const arnOf = (kind: string) => `arn:aws:bedrock:us-east-1:123456789012:${kind}/abc123`;
const nova = (place: string) => `arn:aws:bedrock:${place}::foundation-model/amazon.nova-lite-v1:0`;
const pro = 'arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-pro-v1:0';
const answers: readonly (readonly [path: string, answer: object])[] = [
  ['inference-profiles', { models: [{ modelArn: nova('us-east-1') }, { modelArn: nova('us-west-2') }] }],
  ['provisioned-model-throughput', { foundationModelArn: nova('us-east-1'), modelArn: arnOf('custom-model') }],
  ['custom-models', { baseModelArn: nova('us-east-1') }],
  ['model-customization/custom-model-deployments', { modelArn: arnOf('custom-model') }],
  [
    'prompt-routers',
    { fallbackModel: { modelArn: arnOf('inference-profile') }, models: [{ modelArn: pro }, { modelArn: pro }] },
  ],
];
let server: Server;
let controlPlane: ControlPlane;

beforeAll(async () => {
  server = createServer(({ url = '' }, response) => {
    const answer = answers.find(([path]) => url.startsWith(`/${path}/`))?.[1];
    response.writeHead(answer ? 200 : 404, { 'content-type': 'application/json' });
    response.end(JSON.stringify(answer ?? { message: 'nothing there' }));
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  controlPlane = createControlPlane({
    clock,
    authentication: createAuthenticationManager({ clock, accessKeyId: 'a', secretAccessKey: 's' }),
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
  });
});
afterAll(() => {
  controlPlane.close();
  server.closeAllConnections();
  server.close();
});

const signal = new AbortController().signal;
const describeArn = (kind: string) => controlPlane.describe(arnOf(kind), region('us-east-1'), signal);

it.each([
  ['application-inference-profile', ['amazon.nova-lite-v1:0'], ['us-east-1', 'us-west-2']],
  ['provisioned-model', ['amazon.nova-lite-v1:0'], ['us-east-1']],
  ['custom-model', ['amazon.nova-lite-v1:0'], ['us-east-1']],
  ['custom-model-deployment', ['amazon.nova-lite-v1:0'], ['us-east-1']],
  ['prompt-router', ['amazon.nova-lite-v1:0', 'amazon.nova-pro-v1:0'], ['us-east-1', 'us-west-2']],
  ['default-prompt-router', ['amazon.nova-lite-v1:0', 'amazon.nova-pro-v1:0'], ['us-east-1', 'us-west-2']],
])('an ARN of kind %s stands for %j', async (kind, models, destinations) => {
  expect(await describeArn(kind)).toEqual({ models, destinations });
});

it('an imported model has no base model that AWS would name', async () => {
  expect(await errorOf(describeArn('imported-model'))).toMatchObject({
    category: 'validation',
    reason: 'wrong_model_id',
  });
});
