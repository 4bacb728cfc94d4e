// What the columns of a file were read as and why, in the words that every command uses for it.
import type { ColumnReading, ColumnReason } from '../pipelines/import/column-meaning.ts';
import { table } from './output.ts';

export const BECAUSE: Record<ColumnReason, string> = {
  map: '--map says so',
  word: 'known word',
  'likely word': 'likely word (a guess)',
  form: 'form of its values (a guess)',
  attribute: 'attribute of that name',
  'new attribute': 'no attribute has that name; it will be made',
  misfit: 'its cells do not fit the attribute of that name',
  place: 'place of the message of that name',
  'not needed': 'known word, not needed here',
  binding: 'known, not stored yet: bindings are kept by a later version',
  clash: 'clashes with another column',
  unknown: 'nothing says what it is',
};

type Shown = ColumnReading & { places?: string[] };

function readAs({ field, places = [] }: Shown): string {
  const read = [...(field === null ? [] : [field]), ...places.map((place) => `{{${place}}}`)];
  return read.length === 0 ? '(ignored)' : read.join(', ');
}

/** One row a column: what it was read as, and why. Empty when nothing is known of the columns. */
export function columnTable(columns: Shown[]): string[] {
  if (columns.length === 0) return [];
  const rows = columns.map((column) => [column.header.trim(), readAs(column), BECAUSE[column.why]]);
  return [table(['column', 'read as', 'because'], rows)];
}

/** The columns that were not read, a sentence for each reason; empty when all were. */
export function ignoredColumns(columns: Shown[]): string[] {
  const left = new Map<ColumnReason, string[]>();
  for (const column of columns)
    if (readAs(column) === '(ignored)' && column.header.trim() !== '')
      left.set(column.why, [...(left.get(column.why) ?? []), `“${column.header.trim()}”`]);
  return [...left].map(([why, names]) => `Not imported (${BECAUSE[why]}): ${names.join(', ')}`);
}
