import { describe, expect, it } from '@jest/globals';
import { parseServeArguments } from '../../src/cli/arguments.js';

describe('parseServeArguments', () => {
  it.each<[string[], Record<string, string> | undefined]>([
    [[], {}],
    [['serve'], {}],
    [['serve', '--sandbox'], { BEDROCK_SANDBOX: 'true' }],
    [['--transport', 'http', '--port=0'], { BEDROCK_TRANSPORT: 'http', BEDROCK_HTTP_PORT: '0' }],
    [['--host', '::1', '--config', 'a.yaml'], { BEDROCK_HTTP_HOST: '::1', BEDROCK_CONFIG_FILE: 'a.yaml' }],
    [['--port', ''], { BEDROCK_HTTP_PORT: '' }],
    [['doctor'], undefined],
    [['serve', 'twice'], undefined],
    [['--help'], undefined],
    [['--version'], undefined],
    [['--port'], undefined],
    [['--unknown'], undefined],
  ])('%j', (args, expected) => {
    expect(parseServeArguments(args)).toEqual(expected);
  });
});
