// How the dates and numbers of each column are written: declared, or proven by the column itself. Fixed when the file is
// inspected and stored with its plan, so that whoever stages again reads the same.
import { cleanIdentifier } from '../values/cell-text.ts';
import { compileDateFormat, detectDateFormat, orderOf, type DayOrder } from '../values/date-format.ts';
import { detectDecimalMark } from '../values/numbers.ts';
import { serialTime } from '../values/written-dates.ts';
import type { ColumnTarget } from '../../contracts/contact-fields.ts';
import type { DecimalMark } from '../../contracts/import.ts';
import { PipelineError } from '../../contracts/pipeline-error.ts';
import { columnName } from './header-mapping.ts';
import type { MappedColumn } from './column-meaning.ts';
import type { ColumnForm, NormalisePlan } from './staged-row.ts';
import { mapOption } from '../values/map-option.ts';

/** What the user declared for the whole file; null: found in the columns. */
export interface DeclaredForms {
  dateFormat: string | null;
  decimalMark: DecimalMark | null;
}

export interface FoundForms extends Pick<NormalisePlan, 'dateFormat' | 'columnForms'> {
  /** Sentences on columns that prove no form and are read in the usual one. */
  warnings: string[];
}

const isDated = (target: ColumnTarget): boolean =>
  target.kind === 'field'
    ? target.field === 'subscribed_since' || target.field === 'last_interaction_at'
    : target.kind === 'attribute' && (target.type === 'date' || target.type === 'datetime');

/**
 * The forms of all columns. A column whose dates prove no order takes that of the others, where these agree.
 * @throws PipelineError `date_format_invalid`, `date_format_ambiguous`
 */
export function findForms(
  columns: MappedColumn[],
  samples: (column: number) => string[],
  declared: DeclaredForms,
): FoundForms {
  const warnings: string[] = [];
  const dates =
    declared.dateFormat === null ? foundFormats(columns, samples, warnings) : columns.map(() => declared.dateFormat);
  if (declared.dateFormat !== null) compileDateFormat(declared.dateFormat);
  const marks = columns.map(({ target }, index) => {
    if (target.kind === 'attributes') return declared.decimalMark;
    if (target.kind !== 'attribute' || target.type !== 'number') return null;
    if (declared.decimalMark !== null) return declared.decimalMark;
    const mark = detectDecimalMark(samples(index));
    if (mark === 'ambiguous') warnings.push(readWithPoint(columnName(columns, index)));
    return mark === 'comma' ? mark : null;
  });
  const formats = new Set(dates.filter((format) => format !== null));
  const shared = formats.size === 1 ? [...formats][0]! : null;
  const forms: Record<number, ColumnForm> = {};
  columns.forEach(({ target }, index) => {
    const format = dates[index] ?? null;
    // A column that shows nothing takes the form of the others, where later cells need one; but serial days have none.
    const takesShared = format === null && !(shared !== null && isDated(target) && samples(index).some(isSerial));
    const form: ColumnForm = {
      ...(takesShared || format === shared ? {} : { dateFormat: format }),
      ...(marks[index] === 'comma' ? { decimalMark: 'comma' } : {}),
    };
    if (Object.keys(form).length > 0) forms[index] = form;
  });
  return { dateFormat: shared, ...(Object.keys(forms).length > 0 ? { columnForms: forms } : {}), warnings };
}

const readWithPoint = (name: string): string =>
  `No number of the column “${name}” shows whether a comma or a point parts its decimals: they are read with a decimal point (1,234 is one thousand, 1.234 is little more than one). If it is the other way round, import with --decimal-mark comma; if it is right, --decimal-mark point says so.`;

const isSerial = (cell: string): boolean => serialTime(cleanIdentifier(cell)) !== null;

const orderTaken = (name: string, order: DayOrder, from: string): string =>
  `No date of the column “${name}” shows whether the day or the month comes first: they are read with the ${order}, as in “${from}”. If that is wrong, write them year first, or leave the column out by ${mapOption('ignored', name)}.`;

function foundFormats(
  columns: MappedColumn[],
  samples: (column: number) => string[],
  warnings: string[],
): (string | null)[] {
  const found = columns.map(({ target }, index) => (isDated(target) ? detectDateFormat(samples(index)) : null));
  const proven = found.filter((format): format is string => format !== null && format !== 'ambiguous');
  const orders = new Set(proven.map(orderOf));
  const order = orders.size === 1 ? [...orders][0]! : null;
  const settled = found.map((format, index) => {
    if (format !== 'ambiguous' || order === null) return format;
    const taken = detectDateFormat(samples(index), order);
    const from = found.findIndex((other) => other !== null && other !== 'ambiguous');
    if (taken !== 'ambiguous') warnings.push(orderTaken(columnName(columns, index), order, columnName(columns, from)));
    return taken;
  });
  const open = settled.flatMap((format, index) => (format === 'ambiguous' ? [columnName(columns, index)] : []));
  if (open.length === 0) return settled;
  throw new PipelineError(
    'date_format_ambiguous',
    `The dates in ${open.map((name) => `“${name}”`).join(', ')} can be read in more than one way.`,
    {
      hint: `Declare how they are written, for example --date-format dd/MM/yyyy or MM/dd/yyyy (rrr for ROC years). A column that nobody needs is left out by ${mapOption('ignored', open[0]!)}.`,
    },
  );
}
