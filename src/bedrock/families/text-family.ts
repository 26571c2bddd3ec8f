import type { ConverseStreamOutput } from '@aws-sdk/client-bedrock-runtime';
import { stopEvent, textEvent, usageEvents } from './events.js';
import type { Json } from './json.js';
import type { ModelFamily, NativeRequest } from './model-family.js';
import { type PromptTemplate, writePrompt } from './prompt-template.js';

/** What one piece of such an answer says. */
export interface TextPiece {
  readonly text: string | undefined;
  /** In the family's own words. */
  readonly stop: string | undefined;
  readonly inputTokens?: number | undefined;
  readonly outputTokens?: number | undefined;
}

export interface PromptSettings {
  readonly prompt: string;
  readonly maxTokens: number | undefined;
  readonly temperature: number | undefined;
  readonly topP: number | undefined;
  readonly stop: readonly string[] | undefined;
  readonly request: NativeRequest;
}

interface TextFamilyOptions extends Pick<ModelFamily, 'id' | 'topK'> {
  readonly takes?: ModelFamily['takes'];
  /** In the catalogue. */
  readonly format: string;
  readonly template: (model: string) => PromptTemplate;
  readonly body: (settings: PromptSettings) => Json;
  readonly whole: (answer: Json) => TextPiece;
  /** Missing: the models cannot stream. */
  readonly chunk?: (chunk: Json) => TextPiece;
  /** The family's word for how it ended → Converse's. */
  readonly stops: Readonly<Record<string, string>>;
}

/** A family that takes a prompt and gives text. */
export function textFamily(options: TextFamilyOptions): ModelFamily {
  const { id, topK, takes = new Set(), format, template, body, whole, chunk, stops } = options;
  const events = ({ text, stop, ...counts }: TextPiece): readonly ConverseStreamOutput[] => [
    ...(text ? [textEvent(text)] : []),
    ...(stop === undefined ? [] : [stopEvent(stops[stop] ?? stop)]),
    ...usageEvents(counts),
  ];
  return {
    id,
    takes,
    ...(topK !== undefined && { topK }),
    serves: ({ nativeFormat }) => nativeFormat === format,
    encode: (request) => {
      const { maxTokens, temperature, topP, stopSequences: stop } = request.inferenceConfig ?? {};
      const prompt = writePrompt(request, template(request.model));
      return {
        ...body({ prompt, maxTokens, temperature, topP, stop, request }),
        ...(request.additionalModelRequestFields as Json | undefined),
      };
    },
    decode: (answer) => events(whole(answer)),
    ...(chunk && { streamDecoder: () => (piece) => events(chunk(piece)) }),
  };
}
