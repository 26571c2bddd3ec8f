import { type ServerFolder, serverFolder } from './built-server.js';
import { startTestSandbox, type TestSandbox } from './sandbox.js';

/** A sandbox that the test watches, and the environment of built servers that ask it. */
export interface WatchedSandbox extends Pick<TestSandbox, 'control' | 'credentials' | 'url'> {
  readonly folder: ServerFolder;
  /** What reached Bedrock of the calls to models, without looks at lists and counts. */
  modelCalls(): ReturnType<TestSandbox['control']['calls']>;
  close(): Promise<void>;
}

export async function startWatchedSandbox(env: Record<string, string> = {}): Promise<WatchedSandbox> {
  const sandbox = await startTestSandbox();
  const { accessKeyId, secretAccessKey } = sandbox.credentials;
  const folder = serverFolder({
    AWS_BEDROCK_REGION: 'us-east-1',
    AWS_BEDROCK_ACCESS_KEY_ID: accessKeyId,
    AWS_BEDROCK_SECRET_ACCESS_KEY: secretAccessKey,
    AWS_ENDPOINT_URL_BEDROCK_RUNTIME: sandbox.url,
    AWS_ENDPOINT_URL_BEDROCK: sandbox.url,
    BEDROCK_FIRST_TOKEN_TIMEOUT: '60',
    ...env,
  });
  const { control, credentials, url } = sandbox;
  return {
    control,
    credentials,
    url,
    folder,
    modelCalls: async () =>
      (await control.calls()).filter(({ operation = '' }) => /^(Converse|Invoke)/.test(operation)),
    close: async () => {
      await sandbox.close();
      folder.remove();
    },
  };
}
