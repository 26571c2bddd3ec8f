import { describe, expect, it } from '@jest/globals';
import { aliasEntries, nameKey } from '../../../src/models/catalogue/aliases.js';
import { loadCatalogue } from '../../../src/models/catalogue/load-catalogue.js';
import { isRetired, livingSuccessors } from '../../../src/models/catalogue/successors.js';

const catalogue = loadCatalogue();
const byId = new Map(catalogue.models.map((model) => [model.id, model]));
const successorsOf = (id: string) => {
  const model = byId.get(id);
  if (model === undefined) throw new Error(`no ${id}`);
  return livingSuccessors(model, (other) => byId.get(other)).map((heir) => heir.id);
};

describe('the catalogue', () => {
  it('has unique ids and a price or a reason not to for every callable chat model', () => {
    expect(byId.size).toBe(catalogue.models.length);
    const unpriced = catalogue.models.filter(
      (model) => model.kind === 'chat' && model.lifecycle.status === 'ACTIVE' && model.price.input === undefined,
    );
    expect(unpriced.map((model) => model.id)).toEqual([]);
  });

  it('names every profile after its model', () => {
    for (const model of catalogue.models) {
      for (const [geography, profile] of Object.entries(model.profiles))
        expect(profile).toBe(`${geography}.${model.id}`);
    }
  });

  it('has aliases that stand for models of the table only, each alias once', () => {
    const keys = aliasEntries.map(([alias]) => nameKey(alias));
    expect(new Set(keys).size).toBe(keys.length);
    for (const [, models] of aliasEntries) {
      expect(models.length).toBeGreaterThan(0);
      for (const id of models) expect(byId.has(id) ? id : `unknown ${id}`).toBe(id);
    }
  });
});

describe('successors', () => {
  it('are found for every retired chat model, and all of them live', () => {
    const retired = catalogue.models.filter((model) => model.kind === 'chat' && isRetired(model));
    expect(retired.length).toBeGreaterThan(20);
    for (const model of retired) {
      const heirs = livingSuccessors(model, (id) => byId.get(id));
      expect(heirs.length > 0 ? model.id : `${model.id} has no heir`).toBe(model.id);
      for (const heir of heirs) expect([heir.id, isRetired(heir), heir.callable]).toEqual([heir.id, false, true]);
    }
  });

  it.each([
    ['amazon.titan-text-express-v1', 'amazon.nova-micro-v1:0'],
    ['anthropic.claude-3-5-sonnet-20241022-v2:0', 'anthropic.claude-sonnet-5-5'],
    ['ai21.j2-ultra-v1', 'anthropic.claude-opus-5-5'],
    ['cohere.command-text-v14', 'amazon.nova-2-lite-v1:0'],
  ])('of %s begin with %s', (id, heir) => {
    expect(successorsOf(id)[0]).toBe(heir);
  });

  it('end on a loop of names', () => {
    const [template] = catalogue.models.filter((model) => model.id === 'amazon.titan-text-lite-v1');
    if (template === undefined) throw new Error('no template');
    const looping = (id: string, next: string) => ({
      ...template,
      id,
      family: 'none',
      lifecycle: { ...template.lifecycle, successors: [next] },
    });
    const loop = new Map([looping('a', 'b'), looping('b', 'a')].map((model) => [model.id, model]));
    expect(livingSuccessors(looping('a', 'b'), (id) => loop.get(id))).toEqual([]);
  });
});
