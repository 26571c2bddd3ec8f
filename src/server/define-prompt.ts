import type { BedrockIntegrationService } from '../core/integration-service.js';
import type { Scope } from '../core/pipeline.js';
import type { ToolContext } from './define-tool.js';

export interface PromptArgument {
  readonly name: string;
  readonly description: string;
  readonly required: boolean;
  /** What it can be, for completion. */
  values?(service: BedrockIntegrationService): Promise<readonly string[]>;
}

/** A message that a user can have written for him. */
export interface Prompt {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  /** What a caller must be allowed to do for it to be of use. */
  readonly scope: Scope;
  readonly arguments: readonly PromptArgument[];
  write(
    args: Readonly<Record<string, string>>,
    service: BedrockIntegrationService,
    context: ToolContext,
  ): Promise<string>;
}
