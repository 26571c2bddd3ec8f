import type { Price } from '../core/model.js';

/*
 * What a token costs beside the default way of serving it. The ratios hold where the list has no figure of its own; they
 * are those of Amazon's price page: priority about 1.75 ×, flex and batch 0.5 × on-demand, latency-optimised 1.25 × for
 * every model that has it. Reserved capacity is paid by the month, so its tokens are only valued.
 */

type Field = keyof Price & `${string}${'Input' | 'Output'}`;

interface Variant {
  /** In hundredths of the default price. */
  readonly ratio: bigint;
  readonly listed?: readonly [input: Field, output: Field];
}

const variants: Readonly<Record<string, Variant>> = {
  flex: { ratio: 50n, listed: ['flexInput', 'flexOutput'] },
  batch: { ratio: 50n, listed: ['batchInput', 'batchOutput'] },
  priority: { ratio: 175n, listed: ['priorityInput', 'priorityOutput'] },
  optimized: { ratio: 125n, listed: ['latencyOptimizedInput', 'latencyOptimizedOutput'] },
  reserved: { ratio: 100n },
};

/** A way of serving that nobody has heard of is taken for the dearest, so that a guess never understates. */
const unheardOf: Variant = { ratio: 175n };

/** Undefined for the default way. */
export function variantOf(serviceTier: string | undefined): Variant | undefined {
  if (serviceTier === undefined || serviceTier === 'default') return undefined;
  return variants[serviceTier] ?? unheardOf;
}

/** The figures of the list for it, when it has both. */
export function listedFor(
  { listed }: Variant,
  price: Price,
): { readonly input: number; readonly output: number } | undefined {
  if (!listed) return undefined;
  const [input, output] = [price[listed[0]], price[listed[1]]];
  return typeof input === 'number' && typeof output === 'number' ? { input, output } : undefined;
}
