import type { Target } from '../core/target.js';

/** What this server does with AWS, as far as rights are concerned. */
export interface IamNeeds {
  readonly targets: readonly Target[];
  readonly regions: readonly string[];
  /** Account that owns profiles and guardrails; `*` for whichever holds the credentials. */
  readonly account: string;
  readonly countsTokens: boolean;
  readonly guardrailId?: string;
  readonly usesBearer: boolean;
}

export interface PolicyStatement {
  readonly Sid: string;
  readonly Effect: 'Allow';
  readonly Action: readonly string[];
  readonly Resource: readonly string[];
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>;
}

export interface IamPolicy {
  readonly policy: { readonly Version: '2012-10-17'; readonly Statement: readonly PolicyStatement[] };
  /** Why each statement is there, by its Sid. */
  readonly reasons: Readonly<Record<string, string>>;
}

/** Converse and ConverseStream need these two as well. */
const invoke = ['bedrock:InvokeModel', 'bedrock:InvokeModelWithResponseStream'];
const discovery = [
  'bedrock:ListFoundationModels',
  'bedrock:GetFoundationModel',
  'bedrock:GetFoundationModelAvailability',
  'bedrock:ListInferenceProfiles',
  'bedrock:GetInferenceProfile',
];

interface Explained {
  readonly statement: PolicyStatement;
  readonly why: string;
}

/** The least rights with which the configured models can be called; statements without a resource are left out. */
export function iamPolicy(needs: IamNeeds): IamPolicy {
  const explained = [
    inRegion(needs),
    profiles(needs),
    ...behindProfiles(needs),
    ...ownResources(needs),
    counting(needs),
    guardrail(needs),
    {
      statement: allow('ReadModelLists', discovery, ['*']),
      why: 'Lists of models and profiles, access and lifecycle: for health, residency and rotation. They cost nothing.',
    },
    bearer(needs),
  ].filter((entry) => entry !== undefined && entry.statement.Resource.length > 0) as readonly Explained[];
  return {
    policy: { Version: '2012-10-17', Statement: explained.map(({ statement }) => statement) },
    reasons: Object.fromEntries(explained.map(({ statement, why }) => [statement.Sid, why])),
  };
}

function allow(
  Sid: string,
  Action: readonly string[],
  resources: readonly string[],
  Condition?: PolicyStatement['Condition'],
): PolicyStatement {
  const Resource = [...new Set(resources)].toSorted();
  return { Sid, Effect: 'Allow', Action, Resource, ...(Condition && { Condition }) };
}

function partitionOf(region: string): string {
  if (region.startsWith('us-gov-')) return 'aws-us-gov';
  if (region.startsWith('cn-')) return 'aws-cn';
  return region.startsWith('eusc-') ? 'aws-eusc' : 'aws';
}

const modelArn = ({ model, region }: Target, place: string = region) =>
  `arn:${partitionOf(region)}:bedrock:${place}::foundation-model/${model}`;
const isOwn = ({ profile }: Target) => profile?.startsWith('arn:') === true;
const isProfile = (target: Target) => target.profile !== undefined && !isOwn(target);
const isGlobal = ({ profile }: Target) => profile?.startsWith('global.') === true;
const profileArn = ({ profile, region }: Target, account: string) =>
  `arn:${partitionOf(region)}:bedrock:${region}:${account}:inference-profile/${profile}`;

function inRegion({ targets }: IamNeeds): Explained {
  const direct = targets.filter(({ profile }) => profile === undefined);
  return {
    statement: allow(
      'InvokeInRegion',
      invoke,
      direct.map((target) => modelArn(target)),
    ),
    why: 'Models called by their own id, which stay in the region. Converse needs the same two actions.',
  };
}

function profiles({ targets, account }: IamNeeds): Explained {
  return {
    statement: allow(
      'InvokeThroughProfiles',
      invoke,
      targets.filter(isProfile).map((target) => profileArn(target, account)),
    ),
    why: 'Inference profiles, each in the regions from which it is called.',
  };
}

/** Models are only opened for calls that come through a profile, so that direct calls stay denied. */
function behindProfiles({ targets, account }: IamNeeds): readonly Explained[] {
  const geographic = targets.filter((target) => isProfile(target) && !isGlobal(target));
  const global = targets.filter(isGlobal);
  const through = (list: readonly Target[]) => ({
    'bedrock:InferenceProfileArn': [...new Set(list.map((target) => profileArn(target, account)))].toSorted(),
  });
  return [
    {
      statement: allow(
        'ModelsBehindGeographicProfiles',
        invoke,
        geographic.map((target) => modelArn(target, '*')),
        { StringLike: through(geographic) },
      ),
      why:
        'The models behind the profiles, wherever the profile sends a call: the condition admits only calls through ' +
        'these profiles, whose own lists bound the regions.',
    },
    {
      statement: allow(
        'ModelsBehindGlobalProfilesHere',
        invoke,
        global.map((target) => modelArn(target)),
        { StringLike: through(global) },
      ),
      why: 'The models behind global profiles, in the region of the call.',
    },
    {
      statement: allow(
        'ModelsBehindGlobalProfilesAnywhere',
        invoke,
        global.map((target) => modelArn(target, '')),
        { StringEquals: { 'aws:RequestedRegion': 'unspecified' }, StringLike: through(global) },
      ),
      why:
        'The same wherever AWS has capacity: such calls carry the region "unspecified", which a service control policy ' +
        'with a list of regions has to admit too.',
    },
  ];
}

/** Application profiles, provisioned throughput, custom models and prompt routers, by their own ARNs. */
function ownResources({ targets }: IamNeeds): readonly Explained[] {
  const own = targets.filter(isOwn);
  const arns = own.flatMap(({ profile }) => profile ?? []);
  const applications = own.filter(({ profile }) => profile?.includes(':application-inference-profile/'));
  return [
    { statement: allow('InvokeOwnResources', invoke, arns), why: 'What is called by an ARN of the account itself.' },
    {
      statement: allow(
        'ModelsBehindApplicationProfiles',
        invoke,
        applications.map((target) => modelArn(target, '*')),
        { StringLike: { 'bedrock:InferenceProfileArn': applications.flatMap(({ profile }) => profile ?? []) } },
      ),
      why: 'The models behind application inference profiles, only for calls through them.',
    },
  ];
}

function counting({ targets, countsTokens }: IamNeeds): Explained {
  return {
    statement: allow(
      'CountTokens',
      ['bedrock:CountTokens'],
      countsTokens ? targets.map((target) => modelArn(target)) : [],
    ),
    why: 'bedrock_estimate counts the tokens of a request with the tokenizer of the model.',
  };
}

function guardrail({ regions, account, guardrailId: id }: IamNeeds): Explained {
  const name = id?.slice(id.lastIndexOf('/') + 1);
  const arns = regions.map((region) => `arn:${partitionOf(region)}:bedrock:${region}:${account}:guardrail/${name}`);
  return {
    statement: allow('ApplyGuardrail', ['bedrock:ApplyGuardrail'], name === undefined ? [] : arns),
    why: 'The guardrail that is set for every call; naming it in a call needs this right too.',
  };
}

function bearer({ usesBearer }: IamNeeds): Explained {
  return {
    statement: allow('CallWithApiKey', ['bedrock:CallWithBearerToken'], usesBearer ? ['*'] : []),
    why: 'Calls carry a Bedrock API key in place of a signature.',
  };
}
