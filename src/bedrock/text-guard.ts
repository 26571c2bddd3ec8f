import type { ApplyGuardrailCommandInput, ApplyGuardrailCommandOutput } from '@aws-sdk/client-bedrock-runtime';
import { ServiceError } from '../core/errors.js';
import type { Region } from '../core/target.js';
import type { TextGuard, TextSource } from '../core/text-guard.js';
import type { BedrockClient } from './bedrock-client.js';
import { type Guardrail, isBlocked, objectionsNotice } from './guardrails.js';

export interface TextGuardOptions {
  readonly client: Pick<BedrockClient, 'applyGuardrail'>;
  readonly guardrail: Guardrail;
  readonly region: Region;
}

/** One call takes 25 text units of 1,000 characters: https://docs.aws.amazon.com/general/latest/gr/bedrock.html */
const charactersPerCall = 25_000;

interface Piece {
  /** Which of the texts it is a part of. */
  readonly of: number;
  readonly text: string;
}

/** ApplyGuardrail: for text that goes to, or comes from, something that takes no guardrail itself. */
export function createTextGuard({ client, guardrail, region }: TextGuardOptions): TextGuard {
  const checkPieces = async (pieces: readonly Piece[], source: TextSource, signal: AbortSignal): Promise<Piece[]> => {
    const answer = await client.applyGuardrail(region, inputOf(guardrail, pieces, source), signal);
    if (answer.action !== 'GUARDRAIL_INTERVENED') return [...pieces];
    const masked = (answer.outputs ?? []).map(({ text }) => text);
    // Masked text comes back piece by piece; anything else stands in place of all of it.
    if (isBlocked(answer.assessments) || masked.length !== pieces.length) throw intervened(answer);
    return pieces.map((piece, index) => ({ ...piece, text: masked[index] ?? piece.text }));
  };
  return {
    check: async (texts, source, signal) => {
      const checked: Piece[] = [];
      for (const pieces of calls(texts)) checked.push(...(await checkPieces(pieces, source, signal)));
      return texts.map((text, index) => {
        const parts = checked.filter(({ of }) => of === index);
        return parts.length === 0 ? text : parts.map((part) => part.text).join('');
      });
    },
  };
}

function inputOf({ id, version }: Guardrail, pieces: readonly Piece[], source: TextSource): ApplyGuardrailCommandInput {
  return {
    guardrailIdentifier: id,
    guardrailVersion: version,
    source,
    content: pieces.map(({ text }) => ({ text: { text } })),
  };
}

function intervened({ assessments }: ApplyGuardrailCommandOutput): ServiceError {
  return new ServiceError('content_filtered', objectionsNotice(assessments ?? []), { reason: 'guardrail' });
}

/** The texts in as few calls as they fit into. Blank ones are not looked at, long ones in several parts. */
function calls(texts: readonly string[]): Piece[][] {
  const all: Piece[][] = [];
  let room = 0;
  for (const piece of texts.flatMap(parts)) {
    if (piece.text.length > room) {
      all.push([]);
      room = charactersPerCall;
    }
    all.at(-1)?.push(piece);
    room -= piece.text.length;
  }
  return all;
}

function parts(text: string, of: number): Piece[] {
  if (text.trim() === '') return [];
  const found: Piece[] = [];
  for (let from = 0; from < text.length; ) {
    const to = cutBefore(text, from);
    found.push({ of, text: text.slice(from, to) });
    from = to;
  }
  return found;
}

/** Between words where there is one: a word that is cut in two is not found. */
function cutBefore(text: string, from: number): number {
  const most = from + charactersPerCall;
  if (most >= text.length) return text.length;
  const space = text.lastIndexOf(' ', most - 1);
  return space > from ? space + 1 : most;
}
