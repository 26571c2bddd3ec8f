import { type FormatAlert, isoTime } from './alert-format.js';

/** The payload of Standard Webhooks: type, timestamp, data. */
export const standard: FormatAlert = ({ type, atMs, key, status, severity, summary, facts, endsAtMs }, { server }) => ({
  type,
  timestamp: isoTime(atMs),
  data: {
    key,
    status,
    severity,
    summary,
    server,
    ...(endsAtMs !== undefined && { ends_at: isoTime(endsAtMs) }),
    facts,
  },
});
