// Splits one cell into tag names. Keeps order and spelling; decides nothing about what the tags do.
import { normaliseText } from './text.ts';

/** Longest tag name, in UTF-16 units (the product's own limit). Higher is refused by what reads our exports. */
export const MAX_TAG_LENGTH = 10_000;

// The same mark in both widths, so that a list typed with a Chinese keyboard is split too.
const WIDE: Record<string, string> = { ',': ',，、', ';': ';；', '|': '|｜', '/': '/／', '、': '、,，' };
const SPLITTERS = new Map<string, RegExp>();

export type TagListResult = { ok: true; tags: string[] } | { ok: false; reason: 'tags_too_long' };

function splitterFor(separator: string): RegExp {
  let splitter = SPLITTERS.get(separator);
  if (!splitter) {
    const marks = [...(WIDE[separator] ?? separator)].map((mark) => mark.replace(/[\\\]^-]/g, '\\$&')).join('');
    splitter =
      separator.length > 1
        ? new RegExp(separator.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'), 'u')
        : new RegExp(`[${marks}\\n]`, 'u');
    SPLITTERS.set(separator, splitter);
  }
  return splitter;
}

/**
 * Tag names of one cell in the order given: trimmed, empty ones dropped, each once (case counts). `''` gives no tags.
 */
export function splitTags(raw: string, separator: string): TagListResult {
  const tags: string[] = [];
  for (const part of raw.split(splitterFor(separator))) {
    const name = normaliseText(part, { maxLength: MAX_TAG_LENGTH, oneLine: true });
    if (!name.ok) {
      if (name.reason === 'text_too_long') return { ok: false, reason: 'tags_too_long' };
      continue;
    }
    if (!tags.includes(name.text)) tags.push(name.text);
  }
  return { ok: true, tags };
}
