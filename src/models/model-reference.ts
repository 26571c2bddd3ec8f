import { ServiceError } from '../core/errors.js';
import { type Region, region } from '../core/target.js';

/** What a caller wrote, with the region that an ARN names. */
export interface ModelReference {
  readonly id: string;
  readonly region?: Region;
  /** Set when the ARN names something of the account's own, whose base model only AWS or the operator knows. */
  readonly ownArn?: string;
}

const systemArn =
  /^arn:aws[a-z-]*:bedrock:(?<region>[a-z0-9-]+):(?:\d{12})?:(?<kind>foundation-model|inference-profile)\/(?<id>[\w.:-]+)$/;
const ownKinds = [
  'application-inference-profile',
  'provisioned-model',
  'custom-model',
  'custom-model-deployment',
  'imported-model',
  'prompt-router',
  'default-prompt-router',
];
const ownPattern = new RegExp(
  `^arn:aws[a-z-]*:bedrock:(?<region>[a-z0-9-]+):\\d{12}:(?:${ownKinds.join('|')})/[\\w./:-]{1,512}$`,
);

/**
 * Reads a model id, profile id, alias or ARN.
 * @throws ServiceError validation for an ARN that names nothing that can be asked.
 */
export function parseReference(name: string): ModelReference {
  const trimmed = name.trim();
  if (!trimmed.startsWith('arn:')) return { id: trimmed };
  const own = ownPattern.exec(trimmed)?.groups;
  if (own?.['region'] !== undefined) return { id: trimmed, ownArn: trimmed, region: region(own['region']) };
  const parts = systemArn.exec(trimmed)?.groups;
  if (parts?.['id'] === undefined || parts['region'] === undefined) {
    throw new ServiceError('validation', 'This kind of ARN cannot be called here.', {
      reason: 'wrong_model_id',
      remedy:
        'Give a model id (amazon.nova-lite-v1:0), an inference profile id (us.amazon.nova-lite-v1:0), or the ARN of a ' +
        'model, an inference profile, provisioned throughput or a prompt router.',
    });
  }
  return { id: parts['id'], region: region(parts['region']) };
}
