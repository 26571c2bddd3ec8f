import { z } from 'zod';
import { required } from './define-setting.js';
import { choice, flag, list, text, wholeNumber } from './fields.js';

const host = text('an address or host name of this machine', /^[\w.:-]{1,255}$/);
const toolset = choice('core', 'sessions', 'ops', 'retrieval', 'kairos');

/** How clients connect and what they are offered. */
export const server = z.strictObject({
  transport: required(choice('stdio', 'http'), 'stdio', { variable: 'BEDROCK_TRANSPORT' }, 'How clients connect.'),
  host: required(
    host,
    '127.0.0.1',
    { variable: 'BEDROCK_HTTP_HOST' },
    'Address to listen on, transport http; one that other machines reach needs authentication.',
  ),
  port: required(wholeNumber(0, 65_535), 8_765, { variable: 'BEDROCK_HTTP_PORT' }, 'Port; 0 takes a free one.'),
  allowedHosts: required(
    list(text('a host name, with or without a port', /^[\w.:[\]-]{1,255}$/)),
    [],
    { variable: 'BEDROCK_ALLOWED_HOSTS' },
    'Host headers accepted beside those of the loopback interface.',
  ),
  allowedOrigins: required(
    list(text('an origin such as https://app.example', /^https?:\/\/[\w.:[\]-]{1,255}$/)),
    [],
    { variable: 'BEDROCK_ALLOWED_ORIGINS' },
    'Origins of web pages that may call this server.',
  ),
  toolsets: required(
    list(toolset),
    ['core', 'sessions'],
    { variable: 'BEDROCK_TOOLSETS' },
    'Groups of tools that are offered.',
  ),
  readOnly: required(flag, false, { variable: 'BEDROCK_READ_ONLY' }, 'Hides the tools that spend money.'),
});
