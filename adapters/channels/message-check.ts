// Collects what is wrong with a message, by its path. The rules themselves are each provider's message-rules.ts.
import type { MessageProblem } from '../../ports/provider.ts';

export type JsonObject = Record<string, unknown>;

export const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** A place, as messages are written; `message-template.ts` fills them. */
export const PLACE = /\{\{[^{}]+\}\}/g;

/** How long a text is to a provider. A place counts as one: what it is filled with is not known yet. */
export type Measure = (text: string) => number;
export const utf16: Measure = (text) => text.replace(PLACE, 'x').length;
export const codePoints: Measure = (text) => [...text.replace(PLACE, 'x')].length;
const segmenter = new Intl.Segmenter();
export const graphemes: Measure = (text) => [...segmenter.segment(text.replace(PLACE, 'x'))].length;

export interface MessageCheck {
  problems: MessageProblem[];
  add(path: string, problem: string): void;
  /** A text that must be there, and may be `most` long. */
  text(value: unknown, path: string, most: number, measure: Measure): void;
  /** The same for a text that may be missing. */
  optionalText(value: unknown, path: string, most: number, measure: Measure): void;
  /** An https address; one that begins with a place cannot be judged. */
  httpsUrl(value: unknown, path: string, most: number): void;
  /** Its items, when it is a list of `least` to `most`; else a problem, and nothing. */
  list(value: unknown, path: string, least: number, most: number): unknown[];
  /** The object, or a problem and nothing. */
  object(value: unknown, path: string): JsonObject | null;
}

export function openCheck(): MessageCheck {
  const problems: MessageProblem[] = [];
  const add = (path: string, problem: string) => void problems.push({ path, problem });
  const text: MessageCheck['text'] = (value, path, most, measure) => {
    if (typeof value !== 'string' || value.trim() === '') add(path, 'a text is missing');
    else if (measure(value) > most) add(path, `${measure(value)} characters, ${most} are allowed`);
  };
  return {
    problems,
    add,
    text,
    optionalText: (value, path, most, measure) => {
      if (value !== undefined) text(value, path, most, measure);
    },
    httpsUrl: (value, path, most) => {
      if (typeof value !== 'string') return add(path, 'an https address is missing');
      if (!value.startsWith('{{') && !/^https:\/\/\S+$/i.test(value.replace(PLACE, 'x')))
        add(path, 'must be an https address');
      else if (utf16(value) > most) add(path, `${utf16(value)} characters, ${most} are allowed`);
    },
    list: (value, path, least, most) => {
      if (Array.isArray(value) && value.length >= least && value.length <= most) return value as unknown[];
      const wanted =
        least === most ? `exactly ${least}` : Number.isFinite(most) ? `${least} to ${most}` : `at least ${least}`;
      add(path, `must be a list of ${wanted}${Array.isArray(value) ? `, and has ${value.length}` : ''}`);
      return [];
    },
    object: (value, path) => {
      if (isObject(value)) return value;
      add(path, 'must be an object');
      return null;
    },
  };
}
