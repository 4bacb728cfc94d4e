// Columns that have the name of an attribute, and cells that are none of its type: another file defined it, and meant something
// else. Such a column is left out or spoken of, so that it does not make every line invalid without a word.
import { normaliseAttribute, provenForms, type AttributeOptions } from '../values/attributes.ts';
import { normaliseBoolean } from '../values/booleans.ts';
import { normaliseDate } from '../values/dates.ts';
import { readNumber } from '../values/numbers.ts';
import type { AttributeType, ColumnTarget } from '../../contracts/contact-fields.ts';
import { columnName, ignoredColumn } from './header-mapping.ts';
import type { MappedColumn } from './column-meaning.ts';
import { mapOption } from '../values/map-option.ts';

const WANTED: Record<Exclude<AttributeType, 'text'>, string> = {
  number: 'no number',
  date: 'no date',
  datetime: 'no date or time',
  boolean: 'neither yes nor no',
};

/** Kinds of misfits that are named. More would hide the most frequent one. */
const MOST_KINDS = 3;

interface Looked {
  name: string;
  header: string;
  cells: number;
  misfits: string[];
  type: Exclude<AttributeType, 'text'>;
}

/**
 * The columns, without those of which fewer than half of the cells looked at fit the attribute that their header names; a column that the user
 * mapped stays. `warnings` speak of both, and of single cells; they name headers and kinds of cells, no cell. Pure.
 */
export function fitAttributes(
  columns: MappedColumn[],
  samples: (column: number) => string[],
  declared: AttributeOptions,
): { columns: MappedColumn[]; warnings: string[] } {
  const warnings: string[] = [];
  const fitted = columns.map((column, index): MappedColumn => {
    const { target } = column;
    if (target.kind !== 'attribute' || target.type === 'text') return column;
    const cells = samples(index);
    const misfits = misfitsOf(target, cells, declared);
    if (misfits.length === 0) return column;
    const looked = {
      name: target.name,
      header: columnName(columns, index),
      cells: cells.length,
      misfits,
      type: target.type,
    };
    const leaves = column.why !== 'map' && misfits.length * 2 > cells.length;
    warnings.push(leaves ? leftOut(looked) : mostly(looked));
    return leaves ? ignoredColumn(column.header, 'misfit') : column;
  });
  return { columns: fitted, warnings };
}

function misfitsOf(
  { type }: Extract<ColumnTarget, { kind: 'attribute' }>,
  cells: string[],
  declared: AttributeOptions,
): string[] {
  const forms = provenForms(cells, declared);
  return cells.filter((cell) => {
    const result = normaliseAttribute(cell, type, forms);
    // That its order is open is another question, which is asked of the whole column.
    return !result.ok && result.reason !== 'attribute_date_format_undeclared' && result.reason !== 'attribute_empty';
  });
}

function kindOf(cell: string): string {
  if (readNumber(cell, 'point') !== null || readNumber(cell, 'comma') !== null) return 'number';
  const date = normaliseDate(cell, { timeZone: 'UTC', format: null });
  if (date.ok || date.reason === 'date_format_undeclared') return 'date';
  return normaliseBoolean(cell).ok ? 'yes or no' : 'text';
}

function said({ name, header, cells, misfits, type }: Looked): string {
  const counts = new Map<string, number>();
  for (const kind of misfits.map(kindOf)) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  const kinds = [...counts].sort((a, b) => b[1] - a[1]).slice(0, MOST_KINDS);
  const dated = type.startsWith('date') && counts.has('date');
  const named = (kind: string) =>
    dated && kind === 'date' ? 'date in another form than the rest or --date-format' : kind;
  const listed = kinds.map(([kind, count]) => `${count} ${named(kind)}`).join(', ');
  // A date in another form is a date all the same.
  const wanted = dated
    ? `cannot be read as the date that the attribute “${name}” wants`
    : `are ${WANTED[type]}, as the attribute “${name}” wants`;
  return `Of the ${cells} cells of the column “${header}” that were looked at, ${misfits.length} ${wanted} (${listed})`;
}

const leftOut = (looked: Looked): string =>
  `${said(looked)}: fewer than half fit, so the column is left out. ${mapOption('ignored', looked.header)} says that it shall be; --map "attribute:${looked.name}=${looked.header}" imports it all the same, and lines whose cell does not fit are invalid.`;

const mostly = (looked: Looked): string =>
  `${said(looked)}: their lines are invalid. Where the column means something else, ${mapOption('ignored', looked.header)} leaves it out.`;
