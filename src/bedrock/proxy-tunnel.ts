import { request as httpRequest } from 'node:http';
import { type Agent, request as httpsRequest } from 'node:https';
import type { Socket } from 'node:net';
import { ServiceError } from '../core/errors.js';

export interface ProxyOptions {
  /** HTTPS_PROXY, http: or https:, with user and password if it wants them. */
  readonly url: string;
  /** NO_PROXY: host names, `.domain` for all below it, `*` for all; separated by commas. */
  readonly exceptions?: string;
}

interface Destination {
  readonly host?: string | null | undefined;
  readonly port?: number | string | null | undefined;
}

type Opened = (error: Error | null, socket?: Socket) => void;

/**
 * Lets an agent reach its hosts through a proxy: it asks the proxy for a tunnel (CONNECT) and speaks TLS inside, so that
 * the proxy sees host and port only. Loopback is always reached directly.
 */
export function tunnelThrough(agent: Agent, proxy: ProxyOptions, limitMs: number): void {
  const url = new URL(proxy.url);
  const connect = agent.createConnection.bind(agent);
  // Node takes either a socket or a later call of `done`; its types know only the first.
  const createConnection = (options: Parameters<typeof connect>[0], done?: Parameters<typeof connect>[1]) => {
    const destination = options as Destination;
    if (isException(String(destination.host ?? ''), proxy.exceptions)) return connect(options, done);
    openTunnel(url, destination, limitMs).then(
      (socket) => opened(() => connect({ ...options, socket } as typeof options), done as Opened | undefined),
      (error: Error) => (done as Opened | undefined)?.(error),
    );
    return undefined;
  };
  Object.assign(agent, { createConnection });
}

function opened(connect: () => unknown, done: Opened | undefined): void {
  try {
    done?.(null, connect() as Socket);
  } catch (error) {
    done?.(error as Error);
  }
}

/** Whether NO_PROXY names the host, or it is this machine. */
export function isException(host: string, exceptions = ''): boolean {
  if (/^(localhost|127(\.\d{1,3}){3}|\[?::1\]?)$/.test(host)) return true;
  const name = host.toLowerCase();
  return exceptions
    .split(',')
    .map((entry) => entry.trim().toLowerCase().replace(/:\d+$/, ''))
    .some((entry) => {
      if (entry === '') return false;
      const domain = entry.replace(/^\*?\./, '');
      return entry === '*' || name === domain || name.endsWith(`.${domain}`);
    });
}

function openTunnel(proxy: URL, { host, port }: Destination, limitMs: number): Promise<Socket> {
  const path = `${host}:${port ?? 443}`;
  const signal = AbortSignal.timeout(limitMs);
  const send = proxy.protocol === 'https:' ? httpsRequest : httpRequest;
  const login = proxy.username === '' ? {} : { 'proxy-authorization': `Basic ${basicLogin(proxy)}` };
  return new Promise((resolve, reject) => {
    const sent = send({
      host: proxy.hostname.replace(/^\[|\]$/g, ''),
      port: proxy.port || (proxy.protocol === 'https:' ? 443 : 80),
      method: 'CONNECT',
      path,
      headers: { host: path, ...login },
      agent: false,
      signal,
    });
    sent.once('connect', ({ statusCode }, socket) => {
      if (statusCode === 200) {
        resolve(socket);
        return;
      }
      socket.destroy();
      reject(refused(statusCode));
    });
    sent.once('response', ({ statusCode }) => {
      sent.destroy();
      reject(refused(statusCode));
    });
    sent.once('error', (error) => reject(unreachable(error)));
    sent.end();
  });
}

const basicLogin = ({ username, password }: URL) =>
  Buffer.from(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`).toString('base64');

function refused(status: number | undefined): ServiceError {
  const why = status === 407 ? 'it wants another user or password' : `it answered ${status ?? 'nothing'}`;
  return new ServiceError('network', `The proxy did not open a connection to Bedrock: ${why}.`, {
    remedy: 'The operator has to check HTTPS_PROXY and what the proxy allows, or name the endpoint in NO_PROXY.',
  });
}

function unreachable(cause: Error): ServiceError {
  return new ServiceError('network', 'The proxy cannot be reached.', {
    remedy: 'The operator has to check HTTPS_PROXY, or name the endpoint in NO_PROXY.',
    cause,
  });
}
