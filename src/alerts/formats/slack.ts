import type { Alert } from '../../core/alerts.js';
import { type FormatAlert, isoTime } from './alert-format.js';

const longestText = 3_000;

/** The three characters that Slack reads as control characters. */
const escapeText = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').slice(0, longestText);

function symbolOf({ status, severity }: Alert): string {
  if (status === 'resolved') return ':white_check_mark:';
  return severity === 'critical' ? ':rotating_light:' : ':warning:';
}

/** An incoming webhook of Slack: a text for notifications, blocks for the channel. */
export const slack: FormatAlert = (alert, { server }) => {
  const { status, summary, type, atMs } = alert;
  const title = `${symbolOf(alert)} ${status === 'resolved' ? '*Resolved:* ' : ''}${escapeText(summary)}`;
  const context = escapeText(`${type} · ${server} · ${isoTime(atMs)}`);
  return {
    text: title,
    blocks: [
      { type: 'section', text: { type: 'mrkdwn', text: title } },
      { type: 'context', elements: [{ type: 'mrkdwn', text: context }] },
    ],
  };
};
