import { type CallRecord, foldEvent, newCallRecord } from '../core/call-record.js';
import type { CallEvent, EventOrigin, EventSubscriber, ServerEvent } from '../core/events.js';
import type { Logger } from '../core/ports.js';
import type { ModelResponse } from '../core/response.js';
import type { RoutingDecision } from '../core/routing.js';
import { targetKey } from '../core/target.js';

/** Calls whose end never comes must not fill the memory. */
const maxOpenCalls = 10_000;
const nanoPerUsd = 1e9;

interface OpenCall {
  readonly tool: string;
  readonly record: CallRecord;
}

/** Logs each call once, when it ends, and its steps at debug. Never what was asked or answered. */
export function createCallLog(logger: Logger): EventSubscriber {
  const open = new Map<string, OpenCall>();

  function begin(requestId: string, tool: string): void {
    const [oldest] = open.keys();
    if (open.size >= maxOpenCalls && oldest !== undefined) open.delete(oldest);
    open.set(requestId, { tool, record: newCallRecord(requestId) });
  }

  return {
    onCallEvent: (event, origin) => {
      if (event.type === 'call-started') begin(origin.requestId, event.tool);
      logger.debug(event.type, { request_id: origin.requestId, ...stepFields(event) });
      const call = open.get(origin.requestId);
      if (!call) return;
      const record = foldEvent(call.record, event);
      open.set(origin.requestId, { ...call, record });
      if (event.type !== 'call-succeeded' && event.type !== 'call-failed') return;
      open.delete(origin.requestId);
      const fields = { ...callFields(call.tool, record, origin), ...endFields(event) };
      if (event.type === 'call-failed' && event.failure.category === 'internal') logger.error('call failed', fields);
      else logger.info(event.type === 'call-failed' ? 'call failed' : 'call succeeded', fields);
    },
    onServerEvent: (event) => {
      logServerEvent(logger, event);
    },
  };
}

function callFields(tool: string, record: CallRecord, { requestId, caller }: EventOrigin): Record<string, unknown> {
  const { attempts, decision, cacheHit, cost, latencyMs = 0 } = record;
  return {
    request_id: requestId,
    caller,
    tool,
    latency_ms: Math.round(latencyMs),
    cost_usd: cost.nanoUsd / nanoPerUsd,
    cost_estimated: cost.estimated,
    cache: cacheHit?.tier ?? 'none',
    cache_stale: cacheHit?.stale,
    attempts: attempts.map(({ target, outcome, failure, latencyMs: ms }) => ({
      target: targetKey(target),
      outcome,
      category: failure?.category,
      latency_ms: Math.round(ms),
    })),
    ...(decision && { routing: decisionFields(decision) }),
  };
}

function decisionFields({
  task,
  confidence,
  complexity,
  optimize,
  candidates,
  reasons,
  requestedModel,
}: RoutingDecision) {
  return {
    task,
    confidence,
    complexity: complexity.level,
    optimize,
    requested: requestedModel,
    candidates: candidates.slice(0, 10).map(({ target }) => targetKey(target)),
    reasons,
  };
}

function endFields(event: Extract<CallEvent, { type: 'call-succeeded' | 'call-failed' }>): Record<string, unknown> {
  if (event.type === 'call-succeeded') return responseFields(event.response);
  const { category, reason, message } = event.failure;
  return { category, reason, error: message };
}

function responseFields({ served, source, stopReason, usage, timeToFirstTokenMs }: ModelResponse) {
  return {
    model: served.model,
    region: served.region,
    source,
    stop_reason: stopReason,
    input_tokens: usage.inputTokens,
    output_tokens: usage.outputTokens,
    time_to_first_token_ms: timeToFirstTokenMs === undefined ? undefined : Math.round(timeToFirstTokenMs),
  };
}

function stepFields(event: CallEvent): Record<string, unknown> {
  switch (event.type) {
    case 'call-succeeded':
      return responseFields(event.response);
    case 'route-decided':
      return decisionFields(event.decision);
    default: {
      const { type: _, ...fields } = event;
      return fields;
    }
  }
}

function logServerEvent(logger: Logger, event: ServerEvent): void {
  switch (event.type) {
    case 'breaker-changed': {
      const fields = { target: targetKey(event.target), state: event.state, why: event.why };
      if (event.state === 'open') logger.warn('breaker opened', fields);
      else logger.info('breaker changed', fields);
      return;
    }
    case 'pacing-changed': {
      const { target, paced, requestsPerSecond } = event;
      logger.info(paced ? 'pacing began' : 'pacing ended', { target: targetKey(target), requestsPerSecond });
      return;
    }
    case 'readiness-changed':
      logger[event.ready ? 'info' : 'warn'](event.ready ? 'ready' : 'not ready', { why: event.why });
      return;
    case 'mode-changed':
      logger[event.degraded ? 'warn' : 'info'](event.degraded ? 'degraded mode entered' : 'degraded mode left', {
        why: event.why,
      });
      return;
    case 'store-degraded':
      logger.warn('store degraded', { store: event.store, why: event.why });
      return;
    case 'store-recovered':
      logger.info('store recovered', { store: event.store });
      return;
    case 'alert-changed': {
      const { summary, key, status, facts } = event.alert;
      if (status === 'firing') logger.warn(summary, { alert: key, ...facts });
      else logger.info(summary, { alert: key, ...facts });
      return;
    }
    case 'budget-rebuilt':
      logger.warn('a budget was counted anew from the ledger', { budget: event.budget, unit: event.unit });
      return;
    case 'server-health-changed':
      logger.warn(event.healthy ? 'healthy again' : 'unhealthy', { reasons: event.reasons });
      return;
    case 'alert-sent':
    case 'budget-compared':
    case 'cache-changed':
      // Told again and again, whatever they find: for the metrics, not for the log.
      return;
  }
}
