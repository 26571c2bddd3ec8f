/* Softmax regression with AdaGrad over hashed and dense features; every random choice comes from the seed. */

export interface Example {
  readonly buckets: Uint16Array;
  readonly dense: Float64Array;
  readonly label: number;
  readonly weight: number;
}

export interface TrainingOptions {
  readonly classes: number;
  readonly bucketTotal: number;
  readonly denseTotal: number;
  readonly epochs: number;
  readonly learningRate: number;
  /** Pull towards zero, per step. */
  readonly hashedDecay: number;
  readonly denseDecay: number;
  /** Share of examples whose hashed part is left out of a step, so that the dense part learns to stand alone. */
  readonly hashedDropout: number;
  readonly smoothing: number;
  readonly seed: number;
}

export interface SoftmaxWeights {
  /** Bucket-major: the weights of all classes for a bucket lie together. */
  readonly hashed: Float64Array;
  readonly dense: Float64Array;
  readonly bias: Float64Array;
}

export function seededRandom(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export function logitsOf(
  weights: SoftmaxWeights,
  example: Pick<Example, 'buckets' | 'dense'>,
  classes: number,
): Float64Array {
  const logits = Float64Array.from(weights.bias);
  const scale = 1 / Math.sqrt(example.buckets.length + 1);
  for (const bucket of example.buckets) {
    for (let c = 0; c < classes; c += 1) logits[c]! += scale * weights.hashed[bucket * classes + c]!;
  }
  example.dense.forEach((value, feature) => {
    if (value !== 0) for (let c = 0; c < classes; c += 1) logits[c]! += value * weights.dense[feature * classes + c]!;
  });
  return logits;
}

export function softmax(logits: Float64Array, temperature = 1): Float64Array {
  const top = Math.max(...logits);
  const powers = logits.map((logit) => Math.exp((logit - top) / temperature));
  const sum = powers.reduce((total, power) => total + power, 0);
  return powers.map((power) => power / sum);
}

export function train(examples: readonly Example[], options: TrainingOptions): SoftmaxWeights {
  const { classes, bucketTotal, denseTotal, epochs, learningRate, hashedDecay, denseDecay } = options;
  const weights = {
    hashed: new Float64Array(bucketTotal * classes),
    dense: new Float64Array(denseTotal * classes),
    bias: new Float64Array(classes),
  };
  const seen = {
    hashed: new Float64Array(bucketTotal * classes).fill(1e-2),
    dense: new Float64Array(denseTotal * classes).fill(1e-1),
    bias: new Float64Array(classes).fill(1),
  };
  const random = seededRandom(options.seed);
  const order = examples.map((_, index) => index);
  const step = (part: keyof SoftmaxWeights, index: number, gradient: number): void => {
    seen[part][index]! += gradient * gradient;
    weights[part][index]! -= (learningRate * gradient) / Math.sqrt(seen[part][index]!);
  };
  for (let epoch = 0; epoch < epochs; epoch += 1) {
    for (let index = order.length - 1; index > 0; index -= 1) {
      const other = Math.floor(random() * (index + 1));
      [order[index], order[other]] = [order[other]!, order[index]!];
    }
    for (const index of order) {
      const example = examples[index]!;
      const hashed = random() < options.hashedDropout ? new Uint16Array(0) : example.buckets;
      const probabilities = softmax(logitsOf(weights, { buckets: hashed, dense: example.dense }, classes));
      const scale = 1 / Math.sqrt(hashed.length + 1);
      for (let c = 0; c < classes; c += 1) {
        const target = c === example.label ? 1 - options.smoothing : options.smoothing / (classes - 1);
        const error = (probabilities[c]! - target) * example.weight;
        step('bias', c, error);
        for (const bucket of hashed) {
          const at = bucket * classes + c;
          step('hashed', at, error * scale + hashedDecay * weights.hashed[at]!);
        }
        for (let feature = 0; feature < denseTotal; feature += 1) {
          const value = example.dense[feature]!;
          if (value !== 0) {
            const at = feature * classes + c;
            step('dense', at, error * value + denseDecay * weights.dense[at]!);
          }
        }
      }
    }
  }
  return weights;
}
