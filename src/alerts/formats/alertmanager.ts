import { type FormatAlert, isoTime } from './alert-format.js';

/** Alertmanager forgets an alert that does not say when it ends; ours are told once and not again. */
const lastsMs = 86_400_000;

/** What `POST /api/v2/alerts` of a Prometheus Alertmanager takes. Labels are what tells alerts apart. */
export const alertmanager: FormatAlert = ({ key, type, status, severity, summary, facts, atMs, endsAtMs }, names) => [
  {
    labels: { alertname: type, alert_key: key, severity, server: names.server },
    annotations: {
      summary,
      ...Object.fromEntries(Object.entries(facts).map(([name, value]) => [name, String(value)])),
    },
    ...(status === 'firing' && { startsAt: isoTime(atMs) }),
    endsAt: isoTime(status === 'resolved' ? atMs : (endsAtMs ?? atMs + lastsMs)),
  },
];
