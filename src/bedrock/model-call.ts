import type { ConverseStreamCommandInput } from '@aws-sdk/client-bedrock-runtime';
import type { Model } from '../core/model.js';
import type { RoutedRequest } from '../core/request.js';
import { type ConverseFeatures, type ConverseRequest, encodeConverseRequest } from './converse-request.js';
import type { ModelFamily, NativeFeature } from './families/model-family.js';
import { converseTakes, type NativeMode, nativeCandidate } from './families/native-choice.js';

export interface ModelCall extends ConverseRequest {
  /** Set: the model is asked in its own format, through InvokeModel. */
  readonly family?: ModelFamily;
}

/**
 * The request as its model takes it, and the way by which it goes there.
 * @throws ServiceError validation when the model cannot do what is asked.
 */
export function encodeModelCall(
  request: RoutedRequest,
  model: Model | undefined,
  mode: NativeMode,
  features?: ConverseFeatures,
): ModelCall {
  const family = model && nativeCandidate(request, model, mode);
  if (!family) return encodeConverseRequest(request, model, features);
  const { top_k: topK, ...rest } = request;
  const own =
    family.topK !== undefined && topK !== undefined && !converseTakes('top_k', model) ? family.topK : undefined;
  const encoded = encodeConverseRequest(own === undefined ? request : rest, model, features);
  // What was made of the request may need more than the format has: a schema, a tool that stands for one.
  if (!fits(family, encoded.input)) return encodeConverseRequest(request, model, features);
  const native = own === undefined ? encoded : withField(encoded, own, topK);
  return { ...native, family, notices: [...native.notices, ...nativeNotices(request)] };
}

function nativeNotices({ additional_model_response_field_paths: paths, target }: RoutedRequest): readonly string[] {
  if (paths === undefined) return [];
  return [
    `\`additional_model_response_field_paths\` was left out: ${target.model} is asked in its own format, which has none.`,
  ];
}

function withField(encoded: ConverseRequest, name: string, value: number | undefined): ConverseRequest {
  const fields = { ...(encoded.input.additionalModelRequestFields as object | undefined), [name]: value };
  const additionalModelRequestFields = fields as NonNullable<
    ConverseStreamCommandInput['additionalModelRequestFields']
  >;
  return { ...encoded, input: { ...encoded.input, additionalModelRequestFields } };
}

function fits(
  { takes }: ModelFamily,
  { messages = [], toolConfig, outputConfig }: ConverseStreamCommandInput,
): boolean {
  const blocks = messages.flatMap(({ content }) => content ?? []);
  const needed: Readonly<Record<NativeFeature, boolean>> = {
    tools: toolConfig !== undefined,
    schema: outputConfig?.textFormat !== undefined,
    image: blocks.some(({ image }) => image),
    document: blocks.some(({ document }) => document),
    video: blocks.some(({ video }) => video),
    audio: blocks.some(({ audio }) => audio),
  };
  return Object.entries(needed).every(([feature, need]) => !need || takes.has(feature as NativeFeature));
}
