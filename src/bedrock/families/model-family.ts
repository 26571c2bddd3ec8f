import type { ConverseStreamCommandInput, ConverseStreamOutput } from '@aws-sdk/client-bedrock-runtime';
import type { Model } from '../../core/model.js';
import type { Json } from './json.js';

/** What a body may have to hold beside text. */
export type NativeFeature = 'tools' | 'image' | 'document' | 'video' | 'audio' | 'schema';

/** A request that obeys the rules of its model, in Converse's words, to be put into another body. */
export interface NativeRequest
  extends Pick<
    ConverseStreamCommandInput,
    'messages' | 'system' | 'inferenceConfig' | 'toolConfig' | 'outputConfig' | 'additionalModelRequestFields'
  > {
  /** Base id of the model. */
  readonly model: string;
  readonly streaming: boolean;
}

/** Turns the chunks of one stream, in order, into the events that ConverseStream would have brought. */
export type StreamDecoder = (chunk: Json) => readonly ConverseStreamOutput[];

/** The body that InvokeModel takes from, and gives to, the models of one family. */
export interface ModelFamily {
  readonly id: string;
  readonly takes: ReadonlySet<NativeFeature>;
  /** Name of the member for top_k; undefined when there is none. */
  readonly topK?: string;
  serves(model: Pick<Model, 'nativeFormat'>): boolean;
  encode(request: NativeRequest): Json;
  decode(answer: Json): readonly ConverseStreamOutput[];
  /** Missing: the models cannot stream. */
  streamDecoder?(): StreamDecoder;
}
