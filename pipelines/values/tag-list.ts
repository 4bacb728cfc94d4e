// Splits one cell into tag names. Keeps order and spelling; decides nothing about what the tags do.
import { normaliseText } from './text.ts';

/** Longest tag name, in UTF-16 units; anything longer is read no further. */
export const MAX_TAG_LENGTH = 2_000;

/** Longest tag name, in bytes of UTF-8. An index entry of Postgres takes 2,704 at most: a longer tag would fail its slice. */
export const MAX_TAG_BYTES = 2_000;

/** Whether a name is short enough to be a tag or an attribute. */
export function isNameShort(name: string): boolean {
  return name.length * 3 <= MAX_TAG_BYTES || Buffer.byteLength(name) <= MAX_TAG_BYTES;
}

// The same mark in both widths, so that a list typed with a Chinese keyboard is split too.
const WIDE: Record<string, string> = { ',': ',，、', ';': ';；', '|': '|｜', '/': '/／', '、': '、,，' };
const SPLITTERS = new Map<string, RegExp>();

/**
 * Tags of one line at most. Higher: the line is one transaction of its tags and their events, and holds the log's lock beyond the
 * 5 s that others wait for it; lower: would refuse what a shop really put on.
 */
export const MAX_TAGS = 10_000;

export type TagListResult = { ok: true; tags: string[] } | { ok: false; reason: 'tags_too_long' | 'tags_too_many' };

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

/** The quoted name that begins at `from` and is followed by a separator or the end, and where it ends; null: there is none. */
function quotedAt(raw: string, from: number, splitter: RegExp): { name: string; end: number } | null {
  let at = from;
  while (raw[at] === ' ') at += 1;
  if (raw[at] !== '"') return null;
  for (let close = raw.indexOf('"', at + 1); close !== -1; close = raw.indexOf('"', close + 2)) {
    if (raw[close + 1] === '"') continue;
    let end = close + 1;
    while (raw[end] === ' ') end += 1;
    splitter.lastIndex = end;
    if (end < raw.length && !splitter.test(raw)) return null;
    return { name: raw.slice(at + 1, close).replaceAll('""', '"'), end };
  }
  return null;
}

/** The names of a cell as they stand in it. Quotes count only around a whole name; anywhere else they are text. */
function namesIn(raw: string, separator: string): string[] {
  const splitter = splitterFor(separator);
  if (!raw.includes('"')) return raw.split(splitter);
  const here = new RegExp(splitter.source, 'uy');
  const next = new RegExp(splitter.source, 'gu');
  const names: string[] = [];
  for (let at = 0; ;) {
    const quoted = quotedAt(raw, at, here);
    next.lastIndex = quoted?.end ?? at;
    const found = next.exec(raw);
    names.push(quoted?.name ?? raw.slice(at, found?.index ?? raw.length));
    if (!found) return names;
    at = next.lastIndex;
  }
}

/** Tag names as one cell that {@link splitTags} reads back with the separator `,`: a name that it would split is quoted. */
export function joinTags(tags: string[]): string {
  const splitter = splitterFor(',');
  return tags
    .map((tag) => (tag.startsWith('"') || splitter.test(tag) ? `"${tag.replaceAll('"', '""')}"` : tag))
    .join(',');
}

/**
 * Tag names of one cell in the order given: trimmed, empty ones dropped, each once (case counts). `''` gives no tags. A name that
 * holds a separator stands in quotes, doubled inside.
 */
export function splitTags(raw: string, separator: string): TagListResult {
  const tags = new Set<string>();
  for (const part of namesIn(raw, separator)) {
    const name = normaliseText(part, { maxLength: MAX_TAG_LENGTH, oneLine: true });
    if (!name.ok) {
      if (name.reason === 'text_too_long') return { ok: false, reason: 'tags_too_long' };
      continue;
    }
    if (!isNameShort(name.text)) return { ok: false, reason: 'tags_too_long' };
    if (tags.add(name.text).size > MAX_TAGS) return { ok: false, reason: 'tags_too_many' };
  }
  return { ok: true, tags: [...tags] };
}
