import type { CachePointBlock, ContentBlock, ConverseStreamCommandInput } from '@aws-sdk/client-bedrock-runtime';
import type { Model } from '../core/model.js';
import type { RoutedRequest } from '../core/request.js';
import { estimateInputTokens } from '../core/token-estimate.js';

/** How long Bedrock is asked to keep a prompt; `auto` is its usual five minutes. */
export type PromptCaching = 'auto' | '1h' | 'off';

/** For models whose least length nobody published: the longest that any has. */
const cautiousMinTokens = 4_096;
/** All others keep prompts for five minutes whatever they are asked. */
const keepsForAnHour = /^anthropic\.claude-((opus|sonnet|haiku)-(4-[5-9]|[5-9])|fable)/;
/** Nova takes cache points after system text and messages only. */
const cachesToolsAlone = /^anthropic\./;

/**
 * The input with cache points behind the parts that stay the same from call to call: tools and system text, and a
 * conversation under way. Only for models with caching, and only behind what is long enough to be cached: a point costs
 * a quarter more once and saves nine tenths each time after.
 */
export function withCachePoints(
  input: ConverseStreamCommandInput,
  request: RoutedRequest,
  model: Model | undefined,
  caching: PromptCaching,
): ConverseStreamCommandInput {
  if (caching === 'off' || model?.promptCaching?.supported !== true) return input;
  const cachePoint: CachePointBlock = {
    type: 'default',
    ...(caching === '1h' && keepsForAnHour.test(model.id) && { ttl: '1h' }),
  };
  const least = model.promptCaching.minTokens ?? cautiousMinTokens;
  const { tools, system, messages } = request;
  const fixedTokens = estimateInputTokens({ messages: [], ...(tools && { tools }), ...(system && { system }) });
  const withFixed = fixedTokens >= least ? afterFixedPart(input, model, cachePoint) : input;
  const isUnderWay = messages.length > 2;
  if (!isUnderWay || estimateInputTokens(request) < least) return withFixed;
  return afterConversation(withFixed, cachePoint);
}

function afterFixedPart(
  input: ConverseStreamCommandInput,
  { id }: Model,
  cachePoint: CachePointBlock,
): ConverseStreamCommandInput {
  // Tools come before system text in what the model reads, so that a point behind the latter covers both.
  if (input.system) return { ...input, system: [...input.system, { cachePoint }] };
  const { toolConfig } = input;
  if (!toolConfig?.tools || !cachesToolsAlone.test(id)) return input;
  return { ...input, toolConfig: { ...toolConfig, tools: [...toolConfig.tools, { cachePoint }] } };
}

function afterConversation(input: ConverseStreamCommandInput, cachePoint: CachePointBlock): ConverseStreamCommandInput {
  const messages = input.messages ?? [];
  const last = messages.at(-1);
  if (last?.role !== 'user' || !takesPointBehind(last.content?.at(-1))) return input;
  const marked = { ...last, content: [...(last.content ?? []), { cachePoint }] };
  return { ...input, messages: [...messages.slice(0, -1), marked] };
}

/** A point behind a document or an image is refused by some models. */
const takesPointBehind = (block: ContentBlock | undefined): boolean =>
  block?.text !== undefined || block?.toolResult !== undefined;
