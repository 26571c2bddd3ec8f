import type { Alert } from '../../core/alerts.js';

/** What a message says beside the alert itself. */
export interface FormatNames {
  /** The server that sends it. */
  readonly server: string;
  readonly routingKey?: string;
}

/** The body of the request, before it is turned into JSON. */
export type FormatAlert = (alert: Alert, names: FormatNames) => unknown;

export const isoTime = (ms: number): string => new Date(ms).toISOString();
