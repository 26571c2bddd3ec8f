import type { BedrockIntegrationService } from '../core/integration-service.js';
import type { Caller, Scope } from '../core/pipeline.js';
import type { ToolContext } from './define-tool.js';

/** One document that clients can read, or a family of them: `bedrock://sessions/{id}`. */
export interface Resource {
  /** With one `{name}` at its end for a family. */
  readonly uri: string;
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly mimeType: string;
  /** What a caller must be allowed to do to see it. Absent: read. */
  readonly scope?: Scope;
  /** The text; undefined when this caller has no such document. `value` is what stands for the `{name}`. */
  read(value: string, service: BedrockIntegrationService, context: ToolContext): Promise<string | undefined>;
  /** What the `{name}` may look like. Absent: one word of letters, digits, _ and -. */
  readonly pattern?: RegExp;
  /** Values of the `{name}` that this caller may read. */
  values?(service: BedrockIntegrationService, caller: Caller): Promise<readonly string[]>;
}
