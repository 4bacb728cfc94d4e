// Free text that people read (display names, text attributes): removes what cannot be seen or stored, keeps the rest as
// written.

/**
 * Longest display name kept, in UTF-16 units. Lower would reject real names with emoji; higher stores whole paragraphs
 * as names.
 */
export const MAX_NAME_LENGTH = 255;
/** Longest text attribute. Lower rejects real notes; higher lets one cell fill a jsonb row and every index on it. */
export const MAX_TEXT_LENGTH = 10_000;

const PLAIN = /^[!-~\u4E00-\u9FFF]*$/;
// A zero-width joiner between pictographs is part of the emoji; anywhere else it is dirt.
const INVISIBLE =
  /[\u00AD\u180E\u200B\u200C\u200E\u200F\u202A-\u202E\u2060-\u206F\uFEFF]|(?<![\p{Extended_Pictographic}\uFE0F\u{1F3FB}-\u{1F3FF}])\u200D/gu;
const CONTROL = /[\u0000-\u0008\u000B\u000C\u000E-\u001F\u007F-\u009F]/g;

/** White space with a break or a tab in it becomes one blank. One look at each run: its square must never be paid. */
const oneBlank = (run: string): string => (/[\t\r\n]/.test(run) ? ' ' : run);

export type TextResult = { ok: true; text: string } | { ok: false; reason: 'text_empty' | 'text_too_long' };

/**
 * Text as it is stored: trimmed, no control or zero-width characters (never NUL, which Postgres refuses), line breaks
 * and tabs as single spaces when `oneLine`. Length is counted in UTF-16 units. Never cuts: too long is a reason.
 * Idempotent.
 */
export function normaliseText(raw: string, options: { maxLength: number; oneLine: boolean }): TextResult {
  let text = raw;
  if (!PLAIN.test(raw)) {
    text = raw.replace(INVISIBLE, '').replace(CONTROL, '');
    text = (options.oneLine ? text.replace(/\s+/g, oneBlank) : text.replace(/\r\n?/g, '\n')).trim();
  }
  if (text === '') return { ok: false, reason: 'text_empty' };
  if (text.length > options.maxLength) return { ok: false, reason: 'text_too_long' };
  return { ok: true, text };
}
