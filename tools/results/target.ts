import { z } from 'zod';
import type { Target } from '../../src/core/target.js';

export const targetResult = z.strictObject({
  model: z.string(),
  region: z.string(),
  profile: z.string().optional(),
});

export function toTargetResult(target: Target): z.input<typeof targetResult> {
  return { model: target.model, region: target.region, ...(target.profile && { profile: target.profile }) };
}
