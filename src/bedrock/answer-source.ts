import type { ConverseStreamOutput } from '@aws-sdk/client-bedrock-runtime';
import type { Model } from '../core/model.js';
import type { Target } from '../core/target.js';
import { eventsOf } from './converse-answer.js';
import type { ModelFamily } from './families/model-family.js';
import { streamEvents, wholeEvents } from './families/native-answer.js';
import { invokeInput } from './families/native-call.js';
import { type ThinkingSplit, thinkingSplit } from './families/thinking-tags.js';
import type { ModelCall } from './model-call.js';
import { rulesOf } from './quirks/model-rules.js';
import type { RuntimeClient } from './runtime-client.js';

type Events = AsyncIterable<ConverseStreamOutput> | Iterable<ConverseStreamOutput>;

/** One of the four ways by which an answer comes, all of them told in the same events. */
export interface AnswerSource {
  readonly streams: boolean;
  /** Sends the request; resolves when the answer begins. */
  open(signal: AbortSignal): Promise<Events>;
  /** Hands on what an event stands for; with a model that writes its thinking into the text not the event as it is. */
  readonly split?: ThinkingSplit;
}

export function answerSource(
  client: RuntimeClient,
  call: ModelCall,
  model: Model | undefined,
  target: Target,
): AnswerSource {
  const { thinkingTags } = rulesOf(target.model);
  const mayStream = !call.input.toolConfig || model?.streamingTools !== false;
  const source = call.family
    ? native(client, call.input, { family: call.family, model: target.model, mayStream })
    : converse(client, call.input, mayStream && model?.converseStream !== false, target);
  if (!thinkingTags) return source;
  return { ...source, split: thinkingSplit(thinkingTags) };
}

type Input = ModelCall['input'];

function converse(client: RuntimeClient, input: Input, streams: boolean, target: Target): AnswerSource {
  if (streams) return { streams, open: (signal) => client.converseStream(input, signal) };
  return { streams, open: async (signal) => eventsOf(await client.converse(input, signal), target) };
}

interface NativeWay {
  readonly family: ModelFamily;
  readonly model: string;
  readonly mayStream: boolean;
}

function native(client: RuntimeClient, input: Input, { family, model, mayStream }: NativeWay): AnswerSource {
  const streams = mayStream && family.streamDecoder !== undefined;
  const invoked = invokeInput(family, input, model, streams);
  if (streams) {
    return { streams, open: async (signal) => streamEvents(family, await client.invokeStream(invoked, signal)) };
  }
  return { streams, open: async (signal) => wholeEvents(family, await client.invoke(invoked, signal)) };
}
