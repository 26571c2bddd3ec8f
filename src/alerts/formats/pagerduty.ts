import { createHash } from 'node:crypto';
import { type FormatAlert, isoTime } from './alert-format.js';

const longestSummary = 1_024;
/** Longest that a key may be, in characters. */
const longestKey = 255;

const keyOf = (key: string): string =>
  key.length <= longestKey ? key : createHash('sha256').update(key).digest('hex');

/** Version 2 of PagerDuty's Events API: the end of an alert resolves the incident that its beginning opened. */
export const pagerDuty: FormatAlert = ({ key, type, status, severity, summary, facts, atMs }, names) => ({
  routing_key: names.routingKey,
  event_action: status === 'firing' ? 'trigger' : 'resolve',
  dedup_key: keyOf(key),
  payload: {
    summary: summary.slice(0, longestSummary),
    source: names.server,
    severity,
    timestamp: isoTime(atMs),
    component: 'kairos-bedrock-mcp',
    class: type,
    custom_details: facts,
  },
});
