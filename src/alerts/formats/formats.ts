import type { FormatAlert } from './alert-format.js';
import { alertmanager } from './alertmanager.js';
import { pagerDuty } from './pagerduty.js';
import { slack } from './slack.js';
import { standard } from './standard.js';

export const formats = { standard, slack, pagerduty: pagerDuty, alertmanager } as const satisfies Record<
  string,
  FormatAlert
>;
export type AlertFormat = keyof typeof formats;
