import { describe, expect, it } from '@jest/globals';
import { modelId, profileId, region, type Target } from '../../src/core/target.js';
import { type IamNeeds, iamPolicy } from '../../src/security/iam-policy.js';

const target = (model: string, place: string, profile?: string): Target => ({
  model: modelId(model),
  region: region(place),
  ...(profile !== undefined && { profile: profileId(profile) }),
});
const account = '123456789012';
const needs = (targets: readonly Target[], changes: Partial<IamNeeds> = {}): IamNeeds => ({
  targets,
  regions: ['us-east-1'],
  account,
  countsTokens: false,
  usesBearer: false,
  ...changes,
});
const statements = (given: IamNeeds) =>
  Object.fromEntries(iamPolicy(given).policy.Statement.map(({ Sid, Effect: _, ...rest }) => [Sid, rest]));

const Action = ['bedrock:InvokeModel', 'bedrock:InvokeModelWithResponseStream'];
const nova = 'amazon.nova-lite-v1:0';
const lists = { ReadModelLists: expect.objectContaining({ Resource: ['*'] }) };

describe('the policy', () => {
  it('opens a base id in its region, and no more', () => {
    expect(statements(needs([target(nova, 'us-east-1')]))).toEqual({
      InvokeInRegion: { Action, Resource: [`arn:aws:bedrock:us-east-1::foundation-model/${nova}`] },
      ...lists,
    });
  });

  it('opens the model behind a geographic profile for calls through the profile only', () => {
    const profile = `arn:aws:bedrock:us-east-1:${account}:inference-profile/us.${nova}`;
    expect(statements(needs([target(nova, 'us-east-1', `us.${nova}`)]))).toEqual({
      InvokeThroughProfiles: { Action, Resource: [profile] },
      ModelsBehindGeographicProfiles: {
        Action,
        Resource: [`arn:aws:bedrock:*::foundation-model/${nova}`],
        Condition: { StringLike: { 'bedrock:InferenceProfileArn': [profile] } },
      },
      ...lists,
    });
  });

  it('opens the model behind a global profile here and in the region "unspecified"', () => {
    const profile = `arn:aws:bedrock:eu-west-1:${account}:inference-profile/global.${nova}`;
    const through = { StringLike: { 'bedrock:InferenceProfileArn': [profile] } };
    expect(statements(needs([target(nova, 'eu-west-1', `global.${nova}`)]))).toEqual({
      InvokeThroughProfiles: { Action, Resource: [profile] },
      ModelsBehindGlobalProfilesHere: {
        Action,
        Resource: [`arn:aws:bedrock:eu-west-1::foundation-model/${nova}`],
        Condition: through,
      },
      ModelsBehindGlobalProfilesAnywhere: {
        Action,
        Resource: [`arn:aws:bedrock:::foundation-model/${nova}`],
        Condition: { StringEquals: { 'aws:RequestedRegion': 'unspecified' }, ...through },
      },
      ...lists,
    });
  });

  it('names each of several regions once, in the partition it lies in', () => {
    const places = ['us-west-2', 'us-east-1', 'us-east-1', 'us-gov-west-1'];
    expect(statements(needs(places.map((place) => target(nova, place))))['InvokeInRegion']?.Resource).toEqual([
      `arn:aws-us-gov:bedrock:us-gov-west-1::foundation-model/${nova}`,
      `arn:aws:bedrock:us-east-1::foundation-model/${nova}`,
      `arn:aws:bedrock:us-west-2::foundation-model/${nova}`,
    ]);
  });

  it('opens what the account owns by its ARN, and the model behind an application profile', () => {
    const application = `arn:aws:bedrock:us-east-1:${account}:application-inference-profile/abc`;
    const provisioned = `arn:aws:bedrock:us-east-1:${account}:provisioned-model/def`;
    const given = statements(needs([target(nova, 'us-east-1', application), target(nova, 'us-east-1', provisioned)]));
    expect(given['InvokeOwnResources']?.Resource).toEqual([application, provisioned]);
    expect(given['ModelsBehindApplicationProfiles']?.Condition).toEqual({
      StringLike: { 'bedrock:InferenceProfileArn': [application] },
    });
    expect(given['InvokeThroughProfiles']).toBeUndefined();
  });

  it.each([
    [{ countsTokens: true }, 'CountTokens', `arn:aws:bedrock:us-east-1::foundation-model/${nova}`],
    [{ guardrailId: 'gr1' }, 'ApplyGuardrail', `arn:aws:bedrock:us-east-1:${account}:guardrail/gr1`],
    [
      { guardrailId: `arn:aws:bedrock:us-east-1:${account}:guardrail/gr2` },
      'ApplyGuardrail',
      `arn:aws:bedrock:us-east-1:${account}:guardrail/gr2`,
    ],
    [{ usesBearer: true }, 'CallWithApiKey', '*'],
  ])('has a right for %j only when it is used', (feature, sid, resource) => {
    const targets = [target(nova, 'us-east-1')];
    expect(statements(needs(targets))[sid]).toBeUndefined();
    expect(statements(needs(targets, feature))[sid]?.Resource).toEqual([resource]);
  });

  it('says why each statement is there, and gives no right to subscribe or to change anything', () => {
    const targets = [target(nova, 'us-east-1', `us.${nova}`), target(nova, 'us-east-1', `global.${nova}`)];
    const { policy, reasons } = iamPolicy(needs(targets, { countsTokens: true, usesBearer: true, guardrailId: 'g' }));
    expect(Object.keys(reasons)).toEqual(policy.Statement.map(({ Sid }) => Sid));
    const actions = policy.Statement.flatMap((statement) => statement.Action);
    const verbs = /^bedrock:(Invoke|List|Get|CountTokens|ApplyGuardrail|CallWithBearerToken)/;
    expect(actions.filter((action) => !verbs.test(action))).toEqual([]);
    expect(policy.Statement.every(({ Sid }) => /^[A-Za-z0-9]+$/.test(Sid))).toBe(true);
  });
});
