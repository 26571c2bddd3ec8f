import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { ServiceError } from '../../src/core/errors.js';
import { modelId, region, targetKey } from '../../src/core/target.js';
import { loadCatalogue } from '../../src/models/catalogue/load-catalogue.js';
import { createModelManager } from '../../src/models/model-manager.js';

const catalogue = loadCatalogue();
const manager = (regions: readonly string[] = ['us-east-1'], geographies?: readonly string[]) =>
  createModelManager({ catalogue, regions: regions.map(region), ...(geographies ? { geographies } : {}) });

function failure(action: () => unknown): ServiceError {
  try {
    action();
  } catch (error) {
    if (error instanceof ServiceError) return error;
    throw error;
  }
  throw new Error('did not fail');
}

const targetsOf = (name: string, regions?: readonly string[], geographies?: readonly string[]) => {
  const directory = manager(regions, geographies);
  return directory.targetsOf(directory.resolve(name)).targets.map(targetKey);
};
const refusalOf = (name: string, regions?: readonly string[], geographies?: readonly string[]) => {
  const directory = manager(regions, geographies);
  return directory.targetsOf(directory.resolve(name)).refusal;
};

describe('resolve', () => {
  it.each([
    ['amazon.nova-lite-v1:0', 'amazon.nova-lite-v1:0'],
    ['  AMAZON.nova-lite-v1:0 ', 'amazon.nova-lite-v1:0'],
    ['nova-lite', 'amazon.nova-lite-v1:0'],
    ['Nova 2 Lite', 'amazon.nova-2-lite-v1:0'],
    ['claude', 'anthropic.claude-sonnet-5-5'],
    ['Claude Opus 5.5', 'anthropic.claude-opus-5-5'],
    ['claude-haiku-4-5', 'anthropic.claude-haiku-4-5-20251001-v1:0'],
    ['gpt-oss', 'openai.gpt-oss-120b-1:0'],
    ['gpt-oss-120b', 'openai.gpt-oss-120b-1:0'],
    ['qwen coder', 'qwen.qwen3-coder-480b-a35b-v1:0'],
    ['arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-lite-v1:0', 'amazon.nova-lite-v1:0'],
  ])('%s is %s', (name, id) => {
    const { model, notice } = manager().resolve(name);
    expect([model.id, notice]).toEqual([id, undefined]);
  });

  it.each([
    ['Titan Text Express v1', 'amazon.titan-text-express-v1', '2025-08-15', 'amazon.nova-micro-v1:0'],
    ['titan', 'amazon.titan-text-express-v1', '2025-08-15', 'amazon.nova-micro-v1:0'],
    ['Claude 3.5 Sonnet', 'anthropic.claude-3-5-sonnet-20241022-v2:0', '2026-07-30', 'anthropic.claude-sonnet-5-5'],
    ['Jurassic-2 Ultra', 'ai21.j2-ultra-v1', '2025-03-12', 'anthropic.claude-opus-5-5'],
    ['jurassic', 'ai21.j2-ultra-v1', '2025-03-12', 'anthropic.claude-opus-5-5'],
  ])('%s is answered by a successor, which is said', (name, retired, date, heir) => {
    const resolved = manager().resolve(name);
    expect(resolved.model.id).toBe(heir);
    expect(resolved.notice).toBe(`${retired} was retired on ${date}; its successor ${heir} answers.`);
  });

  it('takes a successor that can be called in the region', () => {
    // Sonnet 5.5 has no profile for Japan, 4.6 has.
    expect(manager(['ap-northeast-1']).resolve('claude-3.5-sonnet').model.id).toBe('anthropic.claude-sonnet-4-6');
    expect(manager(['ap-northeast-1'], ['global']).resolve('claude-3.5-sonnet').model.id).toBe(
      'anthropic.claude-sonnet-5-5',
    );
  });

  it('keeps the geography of a retired profile', () => {
    const resolved = manager(['eu-west-1']).resolve('eu.anthropic.claude-3-5-sonnet-20240620-v1:0');
    expect(resolved).toMatchObject({ profile: 'eu.anthropic.claude-sonnet-5-5' });
  });

  it('says that nobody took over when no successor serves the geography of a retired profile', () => {
    const error = failure(() => manager().resolve('apac.anthropic.claude-3-5-sonnet-20240620-v1:0'));
    expect([error.category, error.reason]).toEqual(['model_unavailable', 'end_of_life']);
  });

  it('pins a profile and the region of an ARN', () => {
    const arn = 'arn:aws:bedrock:us-west-2:123456789012:inference-profile/us.amazon.nova-lite-v1:0';
    expect(manager().resolve(arn)).toMatchObject({ profile: 'us.amazon.nova-lite-v1:0', region: 'us-west-2' });
    expect(targetsOf(arn, ['us-east-1', 'us-west-2'])).toEqual(['us.amazon.nova-lite-v1:0@us-west-2']);
    expect(refusalOf(arn, ['us-east-1'])).toContain('BEDROCK_REGIONS');
  });

  it.each([
    'arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/abc',
    'arn:aws:bedrock:us-east-1:123456789012:provisioned-model/abc',
    'arn:aws:iam::123456789012:role/x',
    'arn:',
  ])('refuses %s and says which ids work', (arn) => {
    const error = failure(() => manager().resolve(arn));
    expect([error.category, error.reason]).toEqual(['validation', 'wrong_model_id']);
    expect(error.remedy).toContain('us.amazon.nova-lite-v1:0');
  });

  it.each([
    ['amazon.nova-lite-v1', 'amazon.nova-lite-v1:0'],
    ['clode-sonnet', 'claude-sonnet'],
    ['antropic.claude-sonnet-5-5', 'anthropic.claude-sonnet-5-5'],
    ['lama', 'llama'],
    ['claude-opus-5-6', 'anthropic.claude-opus-5-5'],
  ])('does not know %s but names %s', (name, near) => {
    const error = failure(() => manager().resolve(name));
    expect([error.category, error.reason]).toEqual(['validation', 'unknown_model']);
    expect(error.remedy).toContain(near);
    expect(error.remedy.split(', ')).toHaveLength(5);
  });

  it('answers names of any length and kind quickly', () => {
    for (const name of ['', '   ', 'x'.repeat(2_048), '\u{1F600}', '\ud800', '日本語', '__proto__', 'constructor']) {
      expect(failure(() => manager().resolve(name)).reason).toBe('unknown_model');
    }
  });

  it.each(['openai.gpt-5.5', 'amazon.titan-embed-text-v2:0', 'amazon.nova-canvas-v1:0'])('refuses %s', (name) => {
    const error = failure(() => manager().resolve(name));
    expect([error.category, error.reason]).toEqual(['validation', 'not_supported']);
  });
});

describe('targetsOf', () => {
  it.each([
    [
      'a profile where the model needs one',
      'claude',
      ['us-east-1'],
      undefined,
      ['us.anthropic.claude-sonnet-5-5@us-east-1'],
    ],
    ['the base id where it does not', 'gpt-oss', ['us-east-1'], undefined, ['openai.gpt-oss-120b-1:0@us-east-1']],
    [
      'the base id in the region even if a profile exists',
      'deepseek.v3.2',
      ['us-east-1'],
      undefined,
      ['deepseek.v3.2@us-east-1'],
    ],
    [
      'a fitting profile when it depends',
      'nova-lite',
      ['eu-west-1'],
      undefined,
      ['eu.amazon.nova-lite-v1:0@eu-west-1'],
    ],
    ['the base id when none fits', 'nova-lite', ['sa-east-1'], undefined, ['amazon.nova-lite-v1:0@sa-east-1']],
    [
      'the narrowest geography',
      'claude-haiku-4-5',
      ['ap-northeast-1'],
      undefined,
      ['jp.anthropic.claude-haiku-4-5-20251001-v1:0@ap-northeast-1'],
    ],
    ['the listed order', 'claude', ['us-east-1'], ['global', 'us'], ['global.anthropic.claude-sonnet-5-5@us-east-1']],
    [
      'one a region, in order',
      'nova-2',
      ['us-west-2', 'eu-west-1'],
      undefined,
      ['us.amazon.nova-2-lite-v1:0@us-west-2', 'eu.amazon.nova-2-lite-v1:0@eu-west-1'],
    ],
    ['only allowed regions', 'nova-2', ['us-west-2', 'eu-west-1'], ['eu'], ['eu.amazon.nova-2-lite-v1:0@eu-west-1']],
    ['GovCloud', 'claude-opus', ['us-gov-west-1'], undefined, ['us-gov.anthropic.claude-opus-5-5@us-gov-west-1']],
    [
      'a named profile only',
      'us.amazon.nova-lite-v1:0',
      ['eu-west-1', 'us-east-2'],
      undefined,
      ['us.amazon.nova-lite-v1:0@us-east-2'],
    ],
  ])('picks %s', (_, name, regions, geographies, expected) => {
    expect(targetsOf(name, regions, geographies)).toEqual(expected);
  });

  it.each([
    ['global.anthropic.claude-sonnet-5-5', ['us-east-1'], undefined, '"global" in BEDROCK_ALLOWED_GEOGRAPHIES'],
    ['us.anthropic.claude-sonnet-5-5', ['eu-west-1'], undefined, 'AWS_BEDROCK_REGION in us-east-1'],
    ['anthropic.claude-sonnet-5-5', ['sa-east-1'], undefined, 'BEDROCK_ALLOWED_GEOGRAPHIES'],
    ['amazon.nova-lite-v1:0', ['us-east-1'], ['eu'], 'BEDROCK_ALLOWED_GEOGRAPHIES'],
    ['writer.palmyra-vision-7b-v1:0', ['us-east-1'], undefined, 'no inference profile'],
    ['global.anthropic.claude-sonnet-5-5', ['us-gov-west-1'], ['us-gov'], 'AWS_BEDROCK_REGION in af-south-1'],
  ])('says what to change for %s in %j under %j', (name, regions, geographies, text) => {
    expect(targetsOf(name, regions, geographies)).toEqual([]);
    expect(refusalOf(name, regions, geographies)).toContain(text);
  });

  it.each([
    ['amazon.titan-text-express-v1', 'retired on 2025-08-15'],
    ['openai.gpt-5.5', 'another Bedrock endpoint'],
    ['amazon.titan-embed-text-v2:0', 'embedding'],
  ])('refuses %s: %s', (id, text) => {
    const model = manager().find(modelId(id));
    if (model === undefined) throw new Error('not listed');
    expect(manager().targetsOf({ model }).refusal).toContain(text);
  });

  it('never leaves the allowed geographies and regions', () => {
    const geographyNames = [...Object.keys(catalogue.geographies).filter((name) => name !== 'note'), 'global', 'mars'];
    const regionNames = [
      ...catalogue.regions.commercial,
      ...catalogue.regions.govcloud,
      ...catalogue.regions.euSovereign,
    ];
    const members = (geography: string): readonly string[] => {
      if (geography === 'global') return catalogue.regions.commercial;
      const list = catalogue.geographies[geography];
      return Array.isArray(list) ? list : [];
    };
    const configuration = fc.record({
      regions: fc.uniqueArray(fc.constantFrom(...regionNames), { minLength: 1, maxLength: 4 }),
      geographies: fc.option(fc.uniqueArray(fc.constantFrom(...geographyNames), { maxLength: 3 }), { nil: undefined }),
    });
    fc.assert(
      fc.property(configuration, ({ regions, geographies }) => {
        const directory = manager(regions, geographies);
        for (const model of directory.all()) {
          const choice = directory.targetsOf({ model });
          expect(choice.targets.length > 0).toBe(choice.refusal === undefined);
          for (const { profile, region: place } of choice.targets) {
            expect(regions).toContain(place);
            const geography = profile?.slice(0, -model.id.length - 1);
            const allowed = geographies ?? geographyNames.filter((name) => name !== 'global');
            if (geography !== undefined) expect(allowed).toContain(geography);
            if (geography !== undefined) expect(members(geography)).toContain(place);
            if (geographies !== undefined) expect(geographies.some((name) => members(name).includes(place))).toBe(true);
          }
        }
      }),
      { numRuns: 60 },
    );
  });
});
