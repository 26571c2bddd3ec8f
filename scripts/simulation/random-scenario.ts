import { type Task, tasks } from '../../src/core/request.js';
import { defaultScenario, type Scenario } from './scenario.js';
import { normal, seededRandom } from './simulated-clock.js';

const between = (random: () => number, least: number, most: number) => least + (most - least) * random();

/**
 * A fleet and a fate drawn from a seed: true qualities, speeds and prices around those of the built-in fleet, opinions of
 * them that are off by some hundredths, and every kind of event once, most of them on the models that matter most.
 */
export function randomScenario(seed: number): Scenario {
  const random = seededRandom(seed);
  const models = defaultScenario.models.map((model) => {
    const shift = (value: number, spread: number) => Math.min(0.98, Math.max(0.2, value + spread * normal(random)));
    const vary = (pick: (task: Task) => number, spread: number) => ({
      code: shift(pick('code'), spread),
      reasoning: shift(pick('reasoning'), spread),
      general: shift(pick('general'), spread),
    });
    const quality = vary((task) => model.quality[task] ?? 0, 0.05);
    return {
      ...model,
      quality,
      prior: vary((task) => quality[task], 0.03),
      latency_s: model.latency_s * Math.exp(0.2 * normal(random)),
      usd_per_thousand: model.usd_per_thousand * Math.exp(0.2 * normal(random)),
    };
  });
  const { weights } = defaultScenario;
  const worth = (model: (typeof models)[number]) =>
    tasks.reduce((sum, task) => sum + model.quality[task], 0) / tasks.length -
    weights.usd * model.usd_per_thousand -
    weights.second * model.latency_s;
  const byWorth = models.toSorted((left, right) => worth(right) - worth(left)).map(({ name }) => name);
  const top = () => byWorth[Math.floor(random() * 3)] ?? '';
  const low = () => byWorth[3 + Math.floor(random() * 3)] ?? '';
  const span = (least: number, most: number) => ({
    at_s: between(random, 30, 900),
    for_s: between(random, least, most),
  });
  return {
    ...defaultScenario,
    models,
    latency_sigma: between(random, 0.2, 0.6),
    feedback_noise: between(random, 0.03, 0.25),
    events: [
      { ...span(180, 300), model: byWorth[0] ?? '', kind: 'error_rate', value: 0.7 },
      { ...span(150, 300), model: top(), kind: 'slow', value: 6 },
      { ...span(150, 400), model: top(), kind: 'error_rate', value: 0.25 },
      { ...span(300, 700), model: top(), kind: 'quality', value: -0.25 },
      { ...span(90, 240), model: top(), kind: 'outage' },
      { at_s: between(random, 300, 900), model: low(), kind: 'quality', value: between(random, 0.1, 0.2) },
    ],
  };
}
