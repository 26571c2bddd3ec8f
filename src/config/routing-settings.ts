import { z } from 'zod';
import { optimizeGoals, strategyNames, tasks } from '../core/request.js';
import { optional, required } from './define-setting.js';
import { choice, fraction, json, list, modelName } from './fields.js';

const taskRoutes = json(
  'JSON that gives each task a list of models, such as {"code":["claude-sonnet"]}',
  z.partialRecord(z.enum(tasks), z.array(modelName.schema).min(1).max(20)),
);
const modelWeights = json(
  'JSON that gives models their parts, such as {"claude-sonnet":95,"nova-pro":5}',
  z.record(z.string().min(1).max(2_048), z.number().min(0)).refine((parts) => Object.keys(parts).length <= 20),
);
const callerStrategies = json(
  'JSON that gives callers or groups their strategies, such as {"nightly-jobs":"cheapest","editors":"fastest"}',
  z.record(z.string().min(1).max(256), z.enum(strategyNames)).refine((rows) => Object.keys(rows).length <= 1_000),
);
const regionWeights = json(
  'JSON that gives regions their parts, such as {"us-east-1":3,"us-west-2":1}',
  z.record(z.string().min(1).max(64), z.number().positive()),
);
const modelArns = json(
  'JSON that gives ARNs their base model, such as {"arn:aws:bedrock:…:imported-model/x":"meta.llama3-3-70b-instruct-v1:0"}',
  z.record(z.string().regex(/^arn:aws[a-z-]*:bedrock:[a-z0-9-]+:\d{12}:[\w./:-]{1,600}$/), modelName.schema),
);

/** Which models answer, and how a call is led to one of them. */
export const models = z.strictObject({
  default: optional(
    modelName,
    { variable: 'BEDROCK_DEFAULT_MODEL', defaultText: 'chosen for each call' },
    'Model for calls that name none.',
  ),
  fallbacks: required(
    list(modelName),
    [],
    { variable: 'BEDROCK_FALLBACK_MODELS' },
    'Models that are tried, in this order, when the chosen one fails.',
  ),
  taskRoutes: required(
    taskRoutes,
    {},
    { variable: 'BEDROCK_TASK_ROUTES', defaultText: 'built-in table' },
    'Preferred models of a task, best first; tasks left out keep the built-in ones.',
  ),
  arns: required(
    modelArns,
    {},
    { variable: 'BEDROCK_MODEL_ARNS' },
    'Base model of ARNs that AWS does not explain, such as imported models.',
  ),
  optimize: required(
    choice(...optimizeGoals),
    'balanced',
    { variable: 'BEDROCK_OPTIMIZE' },
    'What to favour when a call does not say.',
  ),
  strategy: required(
    choice(...strategyNames),
    'balanced',
    { variable: 'BEDROCK_ROUTING_STRATEGY' },
    'Orders the models when a call does not say what to optimise; balanced goes by BEDROCK_OPTIMIZE.',
  ),
  callerStrategies: required(
    callerStrategies,
    {},
    { variable: 'BEDROCK_CALLER_STRATEGIES', defaultText: 'none' },
    'Strategies of single callers or groups, before BEDROCK_ROUTING_STRATEGY: by the name of the API key, the subject of a token, or a group.',
  ),
  weights: required(
    modelWeights,
    {},
    { variable: 'BEDROCK_MODEL_WEIGHTS', defaultText: 'none' },
    'Parts of the conversations by model, for the strategy weighted (A/B test, canary).',
  ),
  regionWeights: required(
    regionWeights,
    {},
    { variable: 'BEDROCK_REGION_WEIGHTS', defaultText: 'equal parts' },
    'Parts of the load by region, such as their quotas.',
  ),
  shadow: optional(
    modelName,
    { variable: 'BEDROCK_SHADOW_MODEL', defaultText: 'none' },
    'Model that gets copies of calls; its answers are thrown away, its cost is booked under the tag shadow.',
  ),
  shadowShare: required(
    fraction,
    0.1,
    { variable: 'BEDROCK_SHADOW_SHARE' },
    'Part of the calls that BEDROCK_SHADOW_MODEL gets, 0 to 1.',
  ),
});
