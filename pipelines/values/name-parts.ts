// Names that a file has in parts, as Shopify's and Google's exports do: one display name is put together from them.
import type { ColumnTarget, NamePart } from '../../contracts/contact-fields.ts';
import { NAME_PARTS } from '../../contracts/contact-fields.ts';
import { isBlankCell } from './cell-text.ts';
import { MAX_NAME_LENGTH, normaliseText } from './text.ts';
import { unguarded } from './csv-cell.ts';
import { headerKey } from './header-key.ts';

const WORDS: Record<NamePart, string> = {
  given_name: 'given name, first name, firstname, forename, 名, 名字',
  middle_name: 'middle name, additional name, second name, 中間名',
  family_name: 'family name, last name, lastname, surname, 姓, 姓氏',
};

const PARTS = new Map(
  Object.entries(WORDS).flatMap(([part, words]) => words.split(',').map((word) => [headerKey(word), part as NamePart])),
);

/** The part of a name that a header says, or null. */
export const namePartOf = (header: string): NamePart | null => PARTS.get(headerKey(header)) ?? null;

/** Scripts that write the family name first, and nothing in between. */
const TOGETHER = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}]/u;

/** `王` and `小明` are 王小明; `Ann`, `van` and `Dyk` are Ann van Dyk. Parts that are not there are left out. */
export function joinName(parts: Partial<Record<NamePart, string>>): string {
  const { given_name: given = '', middle_name: middle = '', family_name: family = '' } = parts;
  return TOGETHER.test(family + given)
    ? family + middle + given
    : [given, middle, family].filter((part) => part !== '').join(' ');
}

/** Of one record: the name, null where all its parts are blank; or why it cannot be read, with the column's number. */
export type JoinedName =
  { name: string | null } | { reason: 'display_name_too_long' | 'character_unreadable'; column: number };

/** How the name of a record is put together; null where no column has a part of one. `lossy`: see `NormalisePlan`. */
export function nameJoiner(
  columns: readonly ColumnTarget[],
  lossy: boolean,
): ((fields: string[]) => JoinedName) | null {
  const places = NAME_PARTS.flatMap((part) => {
    const index = columns.findIndex((column) => column.kind === 'name_part' && column.part === part);
    return index === -1 ? [] : [{ part, index }];
  });
  if (places.length === 0) return null;
  return (fields) => {
    const parts: Partial<Record<NamePart, string>> = {};
    for (const { part, index } of places) {
      const cell = fields[index] ?? '';
      if (isBlankCell(cell)) continue;
      if (lossy && cell.includes('\uFFFD')) return { reason: 'character_unreadable', column: index + 1 };
      const read = normaliseText(unguarded(cell), { maxLength: MAX_NAME_LENGTH, oneLine: true });
      if (read.ok) parts[part] = read.text;
      else if (read.reason === 'text_too_long') return { reason: 'display_name_too_long', column: index + 1 };
    }
    const name = joinName(parts);
    if (name.length > MAX_NAME_LENGTH) return { reason: 'display_name_too_long', column: places[0]!.index + 1 };
    return { name: name === '' ? null : name };
  };
}
