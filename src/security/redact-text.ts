const mask = '[redacted]';

/*
 * Shapes that give a secret away in any text. Every repetition is bounded and every pattern begins with a literal or
 * behind a lookbehind that keeps two matches from starting in one run of characters, so that no text costs more than
 * its length.
 */
const shapes: readonly (readonly [RegExp, string])[] = [
  [/(?<![A-Z0-9])(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}(?![A-Z0-9])/g, mask],
  [/(?<![\w-])eyJ[\w-]{8,4096}\.[\w-]{8,4096}\.[\w-]{0,4096}/g, mask],
  [/\b(bearer)\s{1,4}[\w.~+/=-]{8,8192}/gi, `$1 ${mask}`],
  [/\b((?:proxy-)?authorization)(["']?\s{0,4}[:=]\s{0,4}["']?)(?!bearer )[^\r\n"']{1,8192}/gi, `$1$2${mask}`],
  [/(:\/\/)[^\s/:@"']{0,128}:[^\s/@"']{1,128}@/g, `$1${mask}@`],
  [/(x-amz-(?:security-token|signature|credential)["']?\s{0,4}[:=]\s{0,4}["']?)[^\s"'&,;]{1,8192}/gi, `$1${mask}`],
  [
    /((?:password|passwd|secret(?:[_-]?access)?(?:[_-]?key)?|api[_-]?key|access[_-]?key[_-]?id|token)["']?\s{0,4}[:=]\s{0,4}["']?)[^\s"'&,;[]{4,8192}/gi,
    `$1${mask}`,
  ],
];

const keyBegin = '-----BEGIN ';
const keyEnd = /-----END [A-Z ]{0,40}-----/g;

/** Cuts out PEM private keys; one that does not end takes the rest of the text with it. */
function redactPrivateKeys(text: string): string {
  let result = '';
  let position = 0;
  for (;;) {
    const begin = text.indexOf(keyBegin, position);
    if (begin < 0) return result + text.slice(position);
    const isPrivate = text.slice(begin, begin + 60).includes('PRIVATE KEY');
    if (!isPrivate) {
      result += text.slice(position, begin + keyBegin.length);
      position = begin + keyBegin.length;
      continue;
    }
    keyEnd.lastIndex = begin;
    const end = keyEnd.exec(text);
    result += text.slice(position, begin) + mask;
    if (!end) return result;
    position = keyEnd.lastIndex;
  }
}

/** Replaces what looks like a secret. Linear in the length of the text. */
export function redactText(text: string): string {
  return shapes.reduce((kept, [shape, replacement]) => kept.replace(shape, replacement), redactPrivateKeys(text));
}
