import { isRefusal, type Refusal, refuse } from './aws-error.js';
import { playWhole } from './broken-answers.js';
import type { RecordedCall } from './calls.js';
import { answerControlPlane } from './control-plane.js';
import { type Delivery, sendBody } from './delivery.js';
import type { Exchange, RequestHead } from './exchange.js';
import type { Fault } from './faults.js';
import { applyGuardrail } from './guardrails.js';
import type { CallFacts } from './match.js';
import { readJson, serveModelCall } from './model-calls.js';
import { findRoute } from './routes.js';
import { createSignatureVerifier, type SignatureVerifier } from './sigv4.js';
import { nowMs, type SandboxState } from './state.js';

const maxBodyBytes = 32 * 1_024 * 1_024;
const recordedBodyBytes = 16 * 1_024;

async function sendRefusal(delivery: Delivery, refusal: Refusal): Promise<void> {
  const { fault, call } = delivery;
  call.error = refusal.name;
  const named = !(fault?.kind === 'error' && fault.nameless);
  const headers = { ...(named ? { 'x-amzn-errortype': refusal.name } : {}), ...refusal.headers };
  const body = Buffer.from(JSON.stringify({ message: refusal.message, ...refusal.details }));
  await sendBody(delivery, refusal.status, headers, body);
}

function faultRefusal({ name, message, retryAfterSeconds, status }: Fault & { kind: 'error' }): Refusal {
  const headers = retryAfterSeconds === undefined ? undefined : { 'retry-after': String(retryAfterSeconds) };
  const refusal = refuse(name, message, headers);
  return status === undefined ? refusal : { ...refusal, status };
}

function knowsRegion({ catalogue }: SandboxState, region: string): boolean {
  return Object.values(catalogue.regions).some((regions) => regions.includes(region));
}

function startRecord(state: SandboxState, { head }: Exchange): RecordedCall {
  const call: RecordedCall = {
    id: state.random.id(),
    atMs: state.clock.nowMs(),
    protocol: head.protocol,
    aborted: false,
    bytesSent: 0,
    eventsSent: 0,
    requestBody: '',
  };
  state.calls.add(call);
  return call;
}

interface Incoming {
  readonly head: RequestHead;
  readonly body: Buffer;
}

/** Who asks for what, noted in the call's record as far as it is known. */
function identify(
  state: SandboxState,
  verifier: SignatureVerifier,
  { head, body }: Incoming,
  call: RecordedCall,
): CallFacts | Refusal {
  const route = findRoute(head.method, head.path);
  if (!route) return refuse('UnknownOperationException');
  call.operation = route.operation;
  if (route.id !== undefined) call.modelId = route.id;
  const signer = verifier.verify({ ...head, body }, nowMs(state));
  if (isRefusal(signer)) return signer;
  call.accessKeyId = signer.accessKeyId;
  call.region = signer.region ?? state.defaultRegion;
  if (!knowsRegion(state, call.region)) {
    return refuse('InvalidSignatureException', 'Credential should be scoped to a valid region.');
  }
  const baseId = route.id === undefined ? undefined : state.names.find(route.id)?.model.id;
  return { operation: route.operation, region: call.region, requestedId: route.id, baseId };
}

async function answer(state: SandboxState, facts: CallFacts, incoming: Incoming, delivery: Delivery): Promise<void> {
  const { fault, call } = delivery;
  if (fault) call.fault = fault.kind;
  if (fault?.kind === 'error') return sendRefusal(delivery, faultRefusal(fault));
  if (fault && (await playWhole(delivery, fault))) return;
  if (facts.operation === 'ApplyGuardrail') {
    const json = readJson(incoming.body);
    const said = isRefusal(json) ? json : applyGuardrail(state.guardrails, facts.requestedId ?? '', json);
    if (isRefusal(said)) return sendRefusal(delivery, said);
    return sendBody(delivery, 200, {}, Buffer.from(JSON.stringify(said)));
  }
  if (incoming.head.method === 'POST') {
    const refusal = await serveModelCall(state, facts, incoming.body, delivery);
    if (refusal) await sendRefusal(delivery, refusal);
    return;
  }
  const result = answerControlPlane(state, facts, incoming.head.query);
  if (isRefusal(result)) await sendRefusal(delivery, result);
  else await sendBody(delivery, 200, {}, Buffer.from(JSON.stringify(result)));
}

export interface SandboxService {
  handle(exchange: Exchange): Promise<void>;
}

/** Serves the signed API: who asks, for what, which fault is due, and then the answer. */
export function createSandboxService(state: SandboxState): SandboxService {
  const verifier = createSignatureVerifier(state.credentials);
  const clock = { ...state.clock, nowMs: () => nowMs(state) };

  async function serve(exchange: Exchange, call: RecordedCall): Promise<void> {
    const { head } = exchange;
    const delivery = { exchange, call, clock, random: state.random, latency: state.latency.get(), fault: undefined };
    const body = await exchange.body(maxBodyBytes);
    if (!body) return sendRefusal(delivery, refuse('RequestEntityTooLargeException'));
    call.requestBody = body.toString('utf8', 0, recordedBodyBytes);
    const facts = identify(state, verifier, { head, body }, call);
    if (isRefusal(facts)) return sendRefusal(delivery, facts);
    return answer(state, facts, { head, body }, { ...delivery, fault: state.faults.take(facts) });
  }

  return {
    handle: async (exchange) => {
      const call = startRecord(state, exchange);
      const startedMs = clock.monotonicMs();
      try {
        await serve(exchange, call);
      } catch (error) {
        call.error = error instanceof Error ? error.message : 'unknown';
        throw error;
      } finally {
        call.aborted = exchange.gone.aborted;
        call.durationMs = clock.monotonicMs() - startedMs;
      }
    },
  };
}
