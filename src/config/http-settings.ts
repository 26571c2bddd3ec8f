import { z } from 'zod';
import { required } from './define-setting.js';
import { seconds, wholeNumber } from './fields.js';

/** What the HTTP transport takes of its clients, and how long it waits for them. */
export const httpLimits = z.strictObject({
  maxBodyBytes: required(
    wholeNumber(1_024, 200_000_000),
    31_457_280,
    { variable: 'BEDROCK_HTTP_MAX_BODY_BYTES' },
    'Largest request body, in bytes; pictures in it are base64, a third larger than their files. Beyond it: 413.',
  ),
  maxHeaderBytes: required(
    wholeNumber(4_096, 1_000_000),
    16_384,
    { variable: 'BEDROCK_HTTP_MAX_HEADER_BYTES' },
    'Largest request line and headers together, in bytes. Beyond it: 431.',
  ),
  headersTimeoutMs: required(
    seconds(1, 300),
    10_000,
    { variable: 'BEDROCK_HTTP_HEADERS_TIMEOUT' },
    'Time for a client to send its headers. After it: 408.',
  ),
  requestTimeoutMs: required(
    seconds(1, 3_600),
    60_000,
    { variable: 'BEDROCK_HTTP_REQUEST_TIMEOUT' },
    'Time for a client to send a whole request, headers and body; how long the answer takes is not limited here. After it: 408.',
  ),
  maxConnections: required(
    wholeNumber(1, 100_000),
    1_000,
    { variable: 'BEDROCK_HTTP_MAX_CONNECTIONS' },
    'Open connections; one more is closed at once, and logged.',
  ),
  maxSessions: required(
    wholeNumber(1, 100_000),
    500,
    { variable: 'BEDROCK_HTTP_MAX_SESSIONS' },
    'Open MCP sessions of each transport; the one that was idle for longest makes room, and when all are in use: 503.',
  ),
  maxSessionsOfCaller: required(
    wholeNumber(1, 100_000),
    100,
    { variable: 'BEDROCK_HTTP_MAX_SESSIONS_PER_CALLER' },
    'Of them, of one API key or token subject.',
  ),
  sessionIdleMs: required(
    seconds(1, 86_400),
    1_800_000,
    { variable: 'BEDROCK_HTTP_SESSION_IDLE' },
    'After so long without use a session is closed.',
  ),
});
