import { z } from 'zod';
import { alertTopics } from '../core/alerts.js';
import { optional, required } from './define-setting.js';
import { choice, httpUrl, list, text, wholeNumber } from './fields.js';

const secret = text(
  'a Standard Webhooks secret, whsec_ and 24 to 64 bytes as base64',
  /^(whsec_)?[A-Za-z0-9+/]{32,88}={0,2}$/,
);
const network = {
  form: 'a network such as 10.0.0.0/8',
  schema: z.union([z.cidrv4(), z.cidrv6()]),
};

/** Who is told when something is wrong. */
export const alerts = z.strictObject({
  webhookUrl: optional(
    httpUrl,
    { variable: 'BEDROCK_WEBHOOK_URL', secret: 'value', defaultText: 'none' },
    'Where alerts are posted; see docs/alerts.md. Private addresses need BEDROCK_WEBHOOK_ALLOWED_NETWORKS.',
  ),
  webhookSecrets: required(
    list(secret),
    [],
    { variable: 'BEDROCK_WEBHOOK_SECRET', secret: 'value', defaultText: 'none' },
    'Signs the messages after Standard Webhooks; while it changes, the new one and the old one, separated by a comma.',
  ),
  webhookFormat: required(
    choice('standard', 'slack', 'pagerduty', 'alertmanager'),
    'standard',
    { variable: 'BEDROCK_WEBHOOK_FORMAT' },
    'What the receiver reads: Standard Webhooks, a Slack webhook, the PagerDuty Events API or the Alertmanager API.',
  ),
  routingKey: optional(
    text('the integration key of a PagerDuty service', /^[\w-]{8,64}$/),
    { variable: 'BEDROCK_WEBHOOK_ROUTING_KEY', secret: 'value', defaultText: 'none' },
    'Integration key, for the format pagerduty.',
  ),
  allowedNetworks: required(
    list(network),
    [],
    { variable: 'BEDROCK_WEBHOOK_ALLOWED_NETWORKS', defaultText: 'none' },
    'Networks that the webhook may be in although they are not public; only there http: is used.',
  ),
  topics: required(list(choice(...alertTopics)), [...alertTopics], { variable: 'BEDROCK_ALERTS' }, 'What is told.'),
  spendRateFactor: required(
    wholeNumber(0, 1_000),
    4,
    { variable: 'BEDROCK_ALERT_SPEND_RATE' },
    'An hour is unusual when it costs so many times what the hours of the last week did; 0 never.',
  ),
});

/** [is wrong, variable, problem] for settings that are right alone and wrong together. */
export function alertProblems({
  webhookUrl,
  webhookSecrets,
  webhookFormat,
  routingKey,
  allowedNetworks,
}: z.output<typeof alerts>): readonly (readonly [boolean, string, string])[] {
  const { protocol, username, password } = new URL(webhookUrl ?? 'https://none');
  const needsKey = webhookUrl !== undefined && webhookFormat === 'pagerduty';
  return [
    [
      username !== '' || password !== '',
      'BEDROCK_WEBHOOK_URL',
      'has a user or password, which no webhook takes; sign with BEDROCK_WEBHOOK_SECRET',
    ],
    [
      protocol === 'http:' && allowedNetworks.length === 0,
      'BEDROCK_WEBHOOK_URL',
      'must start with https://, or be in a network of BEDROCK_WEBHOOK_ALLOWED_NETWORKS',
    ],
    [
      webhookUrl === undefined && webhookSecrets.length > 0,
      'BEDROCK_WEBHOOK_SECRET',
      'needs BEDROCK_WEBHOOK_URL, whose messages it signs',
    ],
    [
      needsKey && routingKey === undefined,
      'BEDROCK_WEBHOOK_ROUTING_KEY',
      'is missing: PagerDuty takes messages for an integration key',
    ],
  ];
}
