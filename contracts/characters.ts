// Text as the characters that people see, for places where it has to be shortened. Pure.

const GRAPHEMES = new Intl.Segmenter('en', { granularity: 'grapheme' });

/** The longest of real writing and emoji stay below; hundreds of marks over one letter would cover the lines around. */
const LONGEST_CHARACTER = 40;

/** Each is what people take for one character, an emoji of several parts too. A letter under a tower of marks comes without them. */
export function charactersOf(text: string): string[] {
  return Array.from(GRAPHEMES.segment(text), ({ segment }) =>
    segment.length <= LONGEST_CHARACTER ? segment : String.fromCodePoint(segment.codePointAt(0)!),
  );
}
