import { mix, uniform } from '../../src/routing/seeded-draws.js';

/*
 * Made-up traces of questions: none of the public ones has both texts that repeat and a licence to fetch them. All draws
 * are hashes of seed and place (MurmurHash3's finisher), so that a seed gives the same trace everywhere.
 */

export interface Question {
  readonly key: string;
  /** Of the answer as it lies in memory. */
  readonly bytes: number;
  /** Of the answer, nano-dollars. */
  readonly cost: number;
}

export interface Trace {
  readonly name: string;
  /** How it is made, in words. */
  readonly generator: string;
  readonly questions: readonly Question[];
}

const keys = 20_000;
const asked = 200_000;
const sessionLength = 12;
const openSessions = 400;

/** Cumulated 1/rank: Zipf with exponent 1. */
const cumulated = Array.from({ length: keys }, () => 0);
for (let rank = 0, sum = 0; rank < keys; rank += 1) {
  sum += 1 / (rank + 1);
  cumulated[rank] = sum;
}
const whole = cumulated.at(-1) ?? 1;

/** The rank at which a Zipf draw falls. */
function zipf(draw: number): number {
  let [low, high] = [0, keys - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((cumulated[middle] ?? whole) < draw * whole) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** 0.5 KB to 50 KB and 0.0005 to 0.05 dollars, each drawn by itself: what is long may come from a cheap model. */
function questionOf(seed: number, id: number, key: string): Question {
  const [size, price] = [uniform(mix(mix(seed, id), 1)), uniform(mix(mix(seed, id), 2))];
  return { key, bytes: Math.round(500 * 100 ** size) + 2_048, cost: Math.round(500_000 * 100 ** price) };
}

type KeyOf = (seed: number, index: number) => readonly [id: number, key: string];

const popular: KeyOf = (seed, index) => {
  const rank = zipf(uniform(mix(seed, index)));
  return [rank, `k${rank}`];
};
/** What is popular moves on: each tenth of the trace has shifted by a twentieth of the keys. */
const drifting: KeyOf = (seed, index) => {
  const shift = Math.floor((index * 10) / asked) * (keys / 20);
  const key = (zipf(uniform(mix(seed, index))) + shift) % keys;
  return [key, `k${key}`];
};
const oneHit = (share: number): KeyOf => {
  return (seed, index) =>
    uniform(mix(mix(seed, index), 3)) < share ? [index + keys, `once${index}`] : popular(seed, index);
};
/** Conversations that ask for their own things again and again and then end: nothing is popular for long. */
const sessions: KeyOf = (seed, index) => {
  const slot = Math.floor(uniform(mix(mix(seed, index), 4)) * openSessions);
  const session = slot + openSessions * Math.floor(index / (openSessions * sessionLength));
  const id = session * 4 + Math.floor(uniform(mix(mix(seed, index), 5)) * 4);
  return [id, `s${id}`];
};

const makers: readonly (readonly [name: string, generator: string, keyOf: KeyOf])[] = [
  ['zipf', `Zipf 1.0 over ${keys} keys`, popular],
  ['zipf, one-hit', `30 % of the questions asked once, the rest Zipf 1.0 over ${keys} keys`, oneHit(0.3)],
  ['mostly one-hit', `80 % of the questions asked once, the rest Zipf 1.0 over ${keys} keys`, oneHit(0.8)],
  ['drifting', `Zipf 1.0 over ${keys} keys that shift by a twentieth at each tenth of the trace`, drifting],
  ['sessions', `${openSessions} conversations at once that each ask four questions again and again`, sessions],
];

/** All traces of a seed. */
export const makeTraces = (seed: number): readonly Trace[] =>
  makers.map(([name, generator, keyOf]) => ({
    name,
    generator,
    questions: Array.from({ length: asked }, (_, index) => questionOf(seed, ...keyOf(seed, index))),
  }));
