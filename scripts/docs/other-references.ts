import { type ErrorPolicy, errorPolicies } from '../../src/core/errors.js';
import { callEventDescriptions, serverEventDescriptions } from '../../src/observability/event-descriptions.js';
import { metricDefinitions, metricPrefix } from '../../src/observability/metric-definitions.js';
import { code, page, table } from './markdown.js';

const yes = (value: boolean): string => (value ? 'yes' : '');

function breakerText(weight: ErrorPolicy['breakerWeight']): string {
  if (weight === 0) return '';
  return weight === 1 ? 'full' : String(weight);
}

export function errorReference(): string {
  const intro =
    'Every failure has one category, which decides what the server does by itself and what the caller is told. ' +
    'Messages never hold text of other systems, paths or secrets.';
  const policies: readonly (readonly [string, ErrorPolicy])[] = Object.entries(errorPolicies);
  const meanings = policies.map(([category, policy]) => [code(category), policy.meaning, policy.remedy]);
  const rules = policies.map(([category, policy]) => [
    code(category),
    yes(policy.retry),
    yes(policy.failover),
    breakerText(policy.breakerWeight),
    yes(policy.callerCanFix),
    yes(policy.retryable),
    String(policy.httpStatus),
  ]);
  return page(
    'Errors',
    intro,
    table(['category', 'meaning', 'what to do'], meanings),
    '## What the server does',
    '`retry`: the same target is asked again. `failover`: the next candidate is asked. `breaker`: how much the error ' +
      'counts when the breaker of its target decides to open. `retryable`: the same call may succeed later.',
    table(['category', 'retry', 'failover', 'breaker', 'caller can fix', 'retryable', 'HTTP status'], rules),
  );
}

export function metricReference(): string {
  const intro =
    'Served at `/metrics` in the Prometheus text format when the transport is http. Models that the catalogue does not ' +
    'know share the label `other`, so the number of series is bounded.';
  const rows = Object.entries(metricDefinitions).map(([name, { kind, labels, help }]) => [
    code(`${metricPrefix}${name}`),
    kind,
    labels.map(code).join(', '),
    help,
  ]);
  return page('Metrics', intro, table(['metric', 'kind', 'labels', 'meaning'], rows));
}

export function eventReference(): string {
  const rowsOf = (descriptions: Readonly<Record<string, string>>) =>
    Object.entries(descriptions).map(([type, description]) => [code(type), description]);
  return page(
    'Events',
    'What subscribers (log, metrics, cost monitor, performance tracker) are told. A call is the sequence of its events.',
    '## Of a call',
    table(['event', 'meaning'], rowsOf(callEventDescriptions)),
    '## Of the server',
    table(['event', 'meaning'], rowsOf(serverEventDescriptions)),
  );
}
