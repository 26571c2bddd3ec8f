import type { Operation } from './match.js';

export interface Route {
  readonly operation: Operation;
  /** The model or profile in the path, decoded; of a guardrail its id and version, with a colon between them. */
  readonly id: string | undefined;
}

const actions: Readonly<Record<string, Operation>> = {
  converse: 'Converse',
  'converse-stream': 'ConverseStream',
  invoke: 'InvokeModel',
  'invoke-with-response-stream': 'InvokeModelWithResponseStream',
  'count-tokens': 'CountTokens',
};

const lists: Readonly<Record<string, Operation>> = {
  'foundation-models': 'ListFoundationModels',
  'inference-profiles': 'ListInferenceProfiles',
};

const items: Readonly<Record<string, Operation>> = {
  'foundation-model-availability': 'GetFoundationModelAvailability',
  'inference-profiles': 'GetInferenceProfile',
};

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Which operation a method and path are for; undefined when there is none. */
export function findRoute(method: string, path: string): Route | undefined {
  const [, first = '', ...rest] = path.split('/');
  if (method === 'POST' && first === 'model') {
    const operation = actions[rest.at(-1) ?? ''];
    return operation && { operation, id: decode(rest.slice(0, -1).join('/')) };
  }
  const [guardrail = '', , version = '', action] = rest;
  if (method === 'POST' && first === 'guardrail' && action === 'apply') {
    return { operation: 'ApplyGuardrail', id: `${decode(guardrail)}:${version}` };
  }
  if (method !== 'GET') return undefined;
  const list = rest.length === 0 ? lists[first] : undefined;
  if (list) return { operation: list, id: undefined };
  const item = rest.length > 0 ? items[first] : undefined;
  return item && { operation: item, id: decode(rest.join('/')) };
}
