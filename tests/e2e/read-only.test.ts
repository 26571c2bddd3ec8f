import { expect, it } from '@jest/globals';
import { callTool, connectOverStdio, serverFolder } from '../support/built-server.js';

/* What an operator takes away from every client. */

it('a read-only server offers what spends nothing, of the toolsets that are wanted', async () => {
  const folder = serverFolder({ BEDROCK_READ_ONLY: 'true', BEDROCK_TOOLSETS: 'core,ops' });
  const server = await connectOverStdio(['--sandbox'], folder.env);
  try {
    const { tools } = await server.client.listTools();
    const names = tools.map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(['bedrock_route', 'bedrock_models', 'bedrock_diagnose']));
    expect(tools.filter(({ annotations }) => !annotations?.readOnlyHint)).toEqual([]);
    expect(server.client.getInstructions()).not.toContain('- bedrock_invoke:');
    const refused = await callTool<{ error: object }>(server.client, 'bedrock_invoke', { prompt: 'x' });
    expect(refused.result.error).toMatchObject({ category: 'validation' });
    expect(refused.text).toContain('There is no tool `bedrock_invoke`.');
  } finally {
    await server.close();
    folder.remove();
  }
});
