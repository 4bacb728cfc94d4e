// How the dates and numbers of each column are written: declared, or proven by the column itself. Fixed when the file is
// inspected and stored with its plan, so that whoever stages again reads the same.
import { compileDateFormat, detectDateFormat, orderOf } from '../contacts/date-format.ts';
import { detectDecimalMark } from '../contacts/numbers.ts';
import type { ColumnTarget } from '../contracts/contact-fields.ts';
import type { DecimalMark } from '../contracts/import.ts';
import { PipelineError } from '../contracts/pipeline-error.ts';
import { nameOf, type MappedColumn } from './header-mapping.ts';
import type { ColumnForm, NormalisePlan } from './staged-row.ts';
import { mapOption } from './map-option.ts';

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
  const dates = declared.dateFormat === null ? foundFormats(columns, samples) : columns.map(() => declared.dateFormat);
  if (declared.dateFormat !== null) compileDateFormat(declared.dateFormat);
  const warnings: string[] = [];
  const marks = columns.map(({ target }, index) => {
    if (target.kind !== 'attribute' || target.type !== 'number') return null;
    if (declared.decimalMark !== null) return declared.decimalMark;
    const mark = detectDecimalMark(samples(index));
    if (mark === 'ambiguous') warnings.push(readWithPoint(nameOf(headersOf(columns), index)));
    return mark === 'comma' ? mark : null;
  });
  const formats = new Set(dates.filter((format) => format !== null));
  const shared = formats.size === 1 ? [...formats][0]! : null;
  const forms: Record<number, ColumnForm> = {};
  columns.forEach((_, index) => {
    const format = dates[index] ?? null;
    const form: ColumnForm = {
      ...(format === null || format === shared ? {} : { dateFormat: format }),
      ...(marks[index] === 'comma' ? { decimalMark: 'comma' } : {}),
    };
    if (Object.keys(form).length > 0) forms[index] = form;
  });
  return { dateFormat: shared, ...(Object.keys(forms).length > 0 ? { columnForms: forms } : {}), warnings };
}

const headersOf = (columns: MappedColumn[]): string[] => columns.map((column) => column.header);

const readWithPoint = (name: string): string =>
  `No number of the column “${name}” shows whether a comma or a point parts its decimals: they are read with a decimal point (1,234 is one thousand, 1.234 is little more than one). If it is the other way round, import with --decimal-mark comma; if it is right, --decimal-mark point says so.`;

function foundFormats(columns: MappedColumn[], samples: (column: number) => string[]): (string | null)[] {
  const found = columns.map(({ target }, index) => (isDated(target) ? detectDateFormat(samples(index)) : null));
  const proven = found.filter((format): format is string => format !== null && format !== 'ambiguous');
  const orders = new Set(proven.map(orderOf));
  const order = orders.size === 1 ? [...orders][0]! : null;
  const settled = found.map((format, index) =>
    format === 'ambiguous' && order !== null ? detectDateFormat(samples(index), order) : format,
  );
  const open = settled.flatMap((format, index) => (format === 'ambiguous' ? [nameOf(headersOf(columns), index)] : []));
  if (open.length === 0) return settled;
  throw new PipelineError(
    'date_format_ambiguous',
    `The dates in ${open.map((name) => `“${name}”`).join(', ')} can be read in more than one way.`,
    {
      hint: `Declare how they are written, for example --date-format dd/MM/yyyy or MM/dd/yyyy (rrr for ROC years). A column that nobody needs is left out by ${mapOption('ignored', open[0]!)}.`,
    },
  );
}
