import { ServiceError } from '../core/errors.js';
import { type Region, region } from '../core/target.js';

/** What a caller wrote, with the region that an ARN names. */
export interface ModelReference {
  readonly id: string;
  readonly region?: Region;
}

const bedrockArn =
  /^arn:aws[a-z-]*:bedrock:(?<region>[a-z0-9-]+):(?:\d{12})?:(?<kind>foundation-model|inference-profile)\/(?<id>[\w.:-]+)$/;

/**
 * Reads a model id, profile id, alias or ARN.
 * @throws ServiceError validation for an ARN that names neither a foundation model nor a system inference profile.
 */
export function parseReference(name: string): ModelReference {
  const trimmed = name.trim();
  if (!trimmed.startsWith('arn:')) return { id: trimmed };
  const parts = bedrockArn.exec(trimmed)?.groups;
  if (parts?.['id'] === undefined || parts['region'] === undefined) {
    throw new ServiceError('validation', 'This kind of ARN cannot be called here.', {
      reason: 'wrong_model_id',
      remedy:
        'Give a model id (amazon.nova-lite-v1:0), an inference profile id (us.amazon.nova-lite-v1:0), or the ARN of a ' +
        'foundation model or system inference profile.',
    });
  }
  return { id: parts['id'], region: region(parts['region']) };
}
