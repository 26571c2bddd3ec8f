import { z } from 'zod';

/* Arguments of a request that Bedrock has a place for and this server no opinion on: they go there as they are given. */

/** Converse's own limits, https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html */
const limits = { metadataPairs: 16, responseFields: 10, pathCharacters: 256 } as const;

const metadataCharacters = String.raw`[a-zA-Z0-9\s:_@$#=/+,.\-]`;

const requestMetadata = z
  .record(
    z.string().regex(new RegExp(`^${metadataCharacters}{1,256}$`)),
    z.string().regex(new RegExp(`^${metadataCharacters}{0,256}$`), 'must be letters, digits or : _ @ $ # = / + , . -'),
  )
  .refine(
    (pairs) => Object.keys(pairs).length <= limits.metadataPairs,
    `must not have more than ${limits.metadataPairs} pairs`,
  );

const pointer = z
  .string()
  .max(limits.pathCharacters)
  .regex(/^\/(?:[^~]|~[01])+$/, 'must be a JSON pointer such as /stop_sequence');

export const bedrockArguments = {
  latency: z.enum(['standard', 'optimized']).optional().describe('optimized: faster and dearer, on few models.'),
  request_metadata: requestMetadata.optional().describe('Labels for the invocation log in AWS.'),
  additional_model_request_fields: z
    .record(z.string().min(1).max(128), z.unknown())
    .optional()
    .describe('Fields of the model itself, such as {"top_k":5}.'),
  additional_model_response_field_paths: z
    .array(pointer)
    .min(1)
    .max(limits.responseFields)
    .optional()
    .describe('JSON pointers to fields of its own answer.'),
};

/** What this server sets itself, because cost, limits or guards stand on it; in any spelling that a model knows. */
const ownTopFields = new Set(
  'messages prompt inputtext message chathistory system preamble tools toolconfig toolchoice modelid stream guardrailconfig'.split(
    ' ',
  ),
);
/** The same at any depth: the most that an answer may cost. */
const costFields = new Set(
  'maxtokens maxtokenstosample maxcompletiontokens maxnewtokens maxgenlen maxtokencount n numgenerations numresults bestof'.split(
    ' ',
  ),
);
const deepest = 8;

const plainName = (name: string): string => name.toLowerCase().replace(/[^a-z0-9]/g, '');

/** What is wrong with the fields meant for the model; undefined when they may go. */
export function requestFieldsProblem(fields: Readonly<Record<string, unknown>> = {}): string | undefined {
  const own = Object.keys(fields).find((name) => ownTopFields.has(plainName(name))) ?? costFieldIn(fields);
  return own === undefined
    ? undefined
    : `\`additional_model_request_fields\` must not set ${JSON.stringify(own.slice(0, 64))}: this server does, from the other arguments`;
}

function costFieldIn(value: unknown, depth = 0): string | undefined {
  if (typeof value !== 'object' || value === null || depth > deepest) return undefined;
  for (const [name, member] of Object.entries(value)) {
    const found = costFields.has(plainName(name)) ? name : costFieldIn(member, depth + 1);
    if (found !== undefined) return found;
  }
  return undefined;
}
