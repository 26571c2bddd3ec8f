// C0, DEL and C1 controls, line and paragraph separators, and the marks that reorder text on a screen.
const unsafe = /[\p{Cc}\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;
const loneSurrogates = /\p{Surrogate}/gu;

const escaped = (character: string) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;

/** Text that cannot start a new line, drive a terminal or hide what it says; control characters become `\uXXXX`. */
export function escapeText(text: string): string {
  return text.replace(unsafe, escaped).replace(loneSurrogates, escaped);
}
