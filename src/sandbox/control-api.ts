import { z } from 'zod';
import { accessSchema } from './access.js';
import { credentialsChangeSchema } from './credentials.js';
import type { Exchange } from './exchange.js';
import { faultSchema } from './faults.js';
import { guardrailSchema } from './guardrails.js';
import { limitSchema } from './limits.js';
import { replySchema } from './replies.js';
import type { SandboxState } from './state.js';

/** Where the control API is. It is not signed and serves loopback names only. */
export const controlPrefix = '/_sandbox/';

const maxBodyBytes = 16 * 1_024 * 1_024;

const latencySchema = z.strictObject({
  firstTokenMs: z.number().min(0).max(3_600_000).default(0),
  /** 0: no limit. */
  tokensPerSecond: z.number().min(0).max(1_000_000).default(0),
});
const clockSchema = z.strictObject({ offsetMs: z.number().min(-864_000_000_000).max(864_000_000_000) });

/** A list, or one entry by itself. */
const oneOrMore = <Schema extends z.ZodType>(schema: Schema) =>
  z.preprocess((value): unknown => (Array.isArray(value) ? value : [value]), z.array(schema).min(1).max(10_000));

interface ControlAnswer {
  readonly status: number;
  readonly body: object;
}

interface ControlRoute {
  readonly get?: () => object;
  readonly post?: (body: unknown) => object;
  readonly delete?: () => object;
}

/** An access entry under the base id of its model. */
const knownModel = ({ names }: SandboxState) =>
  accessSchema.transform((entry, check) => {
    const model = names.find(entry.model)?.model.id;
    if (model === undefined) check.addIssue({ code: 'custom', message: 'the catalogue has no such model' });
    return { ...entry, model: model ?? entry.model };
  });

/** Parses with the schema, so that what comes after sees valid orders only. */
const order =
  <Schema extends z.ZodType>(schema: Schema, apply: (value: z.output<Schema>) => object) =>
  (body: unknown): object =>
    apply(schema.parse(body));

function resetAll(state: SandboxState, initialLatency: z.output<typeof latencySchema>): object {
  const { faults, replies, limits, access, guardrails, calls, promptCache } = state;
  for (const part of [faults, replies, limits, access, guardrails, calls, promptCache]) part.clear();
  state.credentials.reset();
  state.latency.set(initialLatency);
  state.clockOffsetMs.set(0);
  return { reset: true };
}

function routesOf(state: SandboxState): Readonly<Record<string, ControlRoute>> {
  const { faults, replies, limits, access, guardrails, calls, latency, credentials, clockOffsetMs } = state;
  const initialLatency = latency.get();
  const listFaults = () => ({ faults: faults.list().map(({ fault, hits }) => ({ ...fault, hits })) });
  const listReplies = () => ({ replies: replies.list() });
  const listLimits = () => ({ limits: limits.list() });
  const listAccess = () => ({ access: access.list() });
  const then = (list: () => object, change: () => void) => {
    change();
    return list();
  };
  return {
    faults: {
      get: listFaults,
      post: order(oneOrMore(faultSchema), (given) => then(listFaults, () => faults.add(given))),
      delete: () => then(listFaults, faults.clear),
    },
    replies: {
      get: listReplies,
      post: order(oneOrMore(replySchema), (given) => then(listReplies, () => replies.add(given))),
      delete: () => then(listReplies, replies.clear),
    },
    limits: {
      get: listLimits,
      post: order(oneOrMore(limitSchema), (given) => then(listLimits, () => limits.set(given))),
      delete: () => then(listLimits, limits.clear),
    },
    access: {
      get: listAccess,
      post: order(oneOrMore(knownModel(state)), (given) => then(listAccess, () => access.set(given))),
      delete: () => then(listAccess, access.clear),
    },
    guardrails: guardrailRoute(guardrails),
    latency: { get: latency.get, post: order(latencySchema, (given) => then(latency.get, () => latency.set(given))) },
    clock: {
      get: () => ({ offsetMs: clockOffsetMs.get() }),
      post: order(clockSchema, (given) =>
        then(
          () => given,
          () => clockOffsetMs.set(given.offsetMs),
        ),
      ),
    },
    credentials: {
      post: order(credentialsChangeSchema, (given) =>
        then(
          () => ({ changed: true }),
          () => credentials.change(given),
        ),
      ),
    },
    calls: {
      get: () => ({ calls: calls.list() }),
      delete: () => then(() => ({ calls: [] }), calls.clear),
    },
    reset: { post: () => resetAll(state, initialLatency) },
  };
}

function guardrailRoute(guardrails: SandboxState['guardrails']): ControlRoute {
  const get = () => ({ guardrails: guardrails.list() });
  const post = order(oneOrMore(guardrailSchema), (given) => {
    guardrails.set(given);
    return get();
  });
  return { get, post };
}

function isLoopback(host: string | undefined): boolean {
  const name = (host ?? '').replace(/:\d+$/, '').toLowerCase();
  return name === 'localhost' || name === '[::1]' || /^127(?:\.\d{1,3}){3}$/.test(name);
}

const problem = (status: number, error: string): ControlAnswer => ({ status, body: { error } });

function run(route: ControlRoute, method: string, body: Buffer): ControlAnswer {
  if (method === 'GET' && route.get) return { status: 200, body: route.get() };
  if (method === 'DELETE' && route.delete) return { status: 200, body: route.delete() };
  if (method !== 'POST' || !route.post) return problem(405, `${method} is not possible here.`);
  try {
    const json: unknown = body.length === 0 ? undefined : JSON.parse(body.toString('utf8'));
    return { status: 200, body: route.post(json) };
  } catch (error) {
    if (error instanceof z.ZodError) return problem(400, z.prettifyError(error));
    return problem(400, 'The body is not valid JSON.');
  }
}

export interface ControlApi {
  handle(exchange: Exchange): Promise<void>;
}

/** The unsigned routes under `/_sandbox/` by which tests and operators tell the sandbox what to do. */
export function createControlApi(state: SandboxState): ControlApi {
  const routes = routesOf(state);

  async function answer({ head, body }: Exchange): Promise<ControlAnswer> {
    if (!isLoopback(head.headers['host'])) return problem(403, 'The control API answers to loopback host names only.');
    const name = head.path.slice(controlPrefix.length);
    const route = Object.hasOwn(routes, name) ? routes[name] : undefined;
    if (!route) return problem(404, `There is no such control route; there are ${Object.keys(routes).join(', ')}.`);
    const bytes = await body(maxBodyBytes);
    return bytes ? run(route, head.method, bytes) : problem(413, 'The body is too large.');
  }

  return {
    handle: async (exchange) => {
      const { status, body } = await answer(exchange);
      exchange.start(status, { 'content-type': 'application/json' });
      exchange.end(Buffer.from(JSON.stringify(body)));
    },
  };
}
