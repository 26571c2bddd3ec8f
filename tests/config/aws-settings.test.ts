import { describe, expect, it } from '@jest/globals';
import { loadSettings } from '../../src/config/settings.js';

const load = (env: Record<string, string>) =>
  loadSettings({ env, readFile: () => Promise.reject(new Error('no file')), platform: 'linux' });

async function awsOf(env: Record<string, string>) {
  const loaded = await load(env);
  return loaded.ok ? loaded.settings.aws : loaded.problems;
}

const arn = 'arn:aws:iam::123456789012:role/team/bedrock';

describe('settings of AWS', () => {
  it.each([
    [{}, { fips: false, dualStack: false }],
    [
      { AWS_USE_FIPS_ENDPOINT: 'true', AWS_USE_DUALSTACK_ENDPOINT: '1' },
      { fips: true, dualStack: true },
    ],
    [
      { https_proxy: 'http://proxy:3128', no_proxy: '.internal' },
      { proxy: 'http://proxy:3128', noProxy: '.internal' },
    ],
    [{ HTTPS_PROXY: 'http://upper:3128', https_proxy: 'http://lower:3128' }, { proxy: 'http://upper:3128' }],
    [
      { AWS_BEDROCK_ROLE_ARN: arn, AWS_BEDROCK_ROLE_EXTERNAL_ID: 'x-1' },
      { roleArn: arn, roleExternalId: 'x-1' },
    ],
  ])('of %j are %j', async (env, expected) => {
    expect(await awsOf(env)).toMatchObject(expected);
  });

  it.each([
    [
      { AWS_USE_FIPS_ENDPOINT: 'true', AWS_ENDPOINT_URL: 'https://vpce' },
      'AWS_USE_FIPS_ENDPOINT',
      'endpoint of your own',
    ],
    [
      { AWS_USE_DUALSTACK_ENDPOINT: 'true', AWS_ENDPOINT_URL_BEDROCK: 'https://vpce' },
      'AWS_USE_DUALSTACK_ENDPOINT',
      'endpoint of your own',
    ],
    [{ AWS_BEDROCK_ROLE_EXTERNAL_ID: 'x-1' }, 'AWS_BEDROCK_ROLE_EXTERNAL_ID', 'needs AWS_BEDROCK_ROLE_ARN'],
    [{ AWS_BEDROCK_ROLE_ARN: 'bedrock' }, 'AWS_BEDROCK_ROLE_ARN', 'the ARN of an IAM role'],
    [{ HTTPS_PROXY: 'proxy:3128' }, 'HTTPS_PROXY', 'must be'],
    [{ BEDROCK_MODEL_ARNS: '{"x":"y"}' }, 'BEDROCK_MODEL_ARNS', 'must be JSON'],
  ])('of %j are refused, naming %s', async (env, variable, problem) => {
    expect(await awsOf(env)).toEqual([
      expect.objectContaining({ variable, problem: expect.stringContaining(problem) }),
    ]);
  });

  it('take the base model of an ARN', async () => {
    const imported = 'arn:aws:bedrock:us-east-1:123456789012:imported-model/abc';
    const loaded = await load({ BEDROCK_MODEL_ARNS: JSON.stringify({ [imported]: 'llama' }) });
    expect(loaded.ok && loaded.settings.models.arns).toEqual({ [imported]: 'llama' });
  });
});
