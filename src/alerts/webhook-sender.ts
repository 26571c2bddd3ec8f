import type { Alert } from '../core/alerts.js';
import type { Clock } from '../core/clock.js';
import { createAddressGuard, type LookupAll, refusalIn } from './address-guard.js';
import { type AlertFormat, formats } from './formats/formats.js';
import { post } from './post.js';
import { signatureHeaders } from './signature.js';

const defaultTimeoutMs = 10_000;
/** Beside 5xx: the receiver may take the message later. */
const passingStatuses: readonly number[] = [408, 425, 429];

export interface WebhookSenderOptions {
  readonly url: string;
  readonly format: AlertFormat;
  /** Standard Webhooks secrets, the newest first; while they change each signs. */
  readonly secrets: readonly string[];
  /** Of the PagerDuty service. */
  readonly routingKey?: string;
  /** Names this server to the receiver. */
  readonly server: string;
  readonly allowedNetworks: readonly string[];
  readonly clock: Clock;
  readonly lookup?: LookupAll;
  readonly timeoutMs?: number;
}

export type SendOutcome =
  | { readonly outcome: 'delivered' }
  /** It may work later. */
  | { readonly outcome: 'failed'; readonly why: string; readonly retryAfterMs?: number }
  /** It will not work until somebody changes something. */
  | { readonly outcome: 'refused'; readonly why: string };

export interface WebhookSender {
  /** Never rejects. The id stays the same when the message is sent again. */
  send(id: string, alert: Alert, signal: AbortSignal): Promise<SendOutcome>;
}

export function createWebhookSender(options: WebhookSenderOptions): WebhookSender {
  const { format, secrets, clock, allowedNetworks, lookup, timeoutMs = defaultTimeoutMs, ...names } = options;
  const url = new URL(options.url);
  const isEncrypted = url.protocol === 'https:';
  const guard = createAddressGuard({ allowedNetworks, isEncrypted, ...(lookup && { lookup }) });
  return {
    send: async (id, alert, signal) => {
      const refusal = guard.refusalOfHost(url.hostname);
      if (refusal !== undefined) return { outcome: 'refused', why: refusal };
      const body = JSON.stringify(formats[format](alert, names));
      const headers = { 'content-type': 'application/json', ...signatureHeaders(id, clock.nowMs(), body, secrets) };
      const late = AbortSignal.timeout(timeoutMs);
      const limited = AbortSignal.any([signal, late]);
      try {
        const { status, retryAfter } = await post(url, { body, headers, lookup: guard.lookup, signal: limited });
        return outcomeOf(status, retryAfterMs(retryAfter, clock.nowMs()));
      } catch (error) {
        const refused = refusalIn(error);
        if (refused !== undefined) return { outcome: 'refused', why: refused };
        const why = late.aborted ? `No answer within ${timeoutMs} ms.` : failureIn(error);
        return { outcome: 'failed', why };
      }
    },
  };
}

function outcomeOf(status: number, retryMs: number | undefined): SendOutcome {
  if (status >= 200 && status < 300) return { outcome: 'delivered' };
  if (status >= 300 && status < 400) return { outcome: 'refused', why: `Redirects (${status}) are not followed.` };
  const why = `The receiver answered with status ${status}.`;
  if (status < 500 && !passingStatuses.includes(status)) return { outcome: 'refused', why };
  return { outcome: 'failed', why, ...(retryMs !== undefined && { retryAfterMs: retryMs }) };
}

/** Of a Retry-After header, in seconds or as a date. */
function retryAfterMs(header: string | undefined, nowMs: number): number | undefined {
  if (header === undefined) return undefined;
  const ms = /^\d{1,9}$/.test(header) ? Number(header) * 1_000 : Date.parse(header) - nowMs;
  return Number.isNaN(ms) ? undefined : Math.max(0, ms);
}

/** The code only: messages of the network hold addresses. */
function failureIn(error: unknown): string {
  const code = typeof error === 'object' && error && 'code' in error ? ` (${String(error.code)})` : '';
  return `The receiver could not be reached${code}.`;
}
