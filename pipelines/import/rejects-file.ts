// The rejects file of an import: each line that was not taken, as it stood in the file, and why. It can be mended and
// imported again: what is named sluice_* is ignored then. Memory does not grow with the number of lines.
import type { Queryable } from '../../ports/database.ts';
import { BOM, csvCell } from '../values/csv-cell.ts';
import { headerRowsWith, type ColumnNames } from '../source/joined-header.ts';
import { splitReason } from '../values/reasons.ts';
import type { FileReader } from '../source/record-blocks.ts';

/** Lines fetched at a time. Too low: round trips dominate; too high: memory grows with the rejects. */
export const PAGE_LINES = 2_000;

/** A line and why it was not taken, as the statements `rejects` give it. */
export interface RejectRow extends Record<string, unknown> {
  line: string;
  outcome: string;
  reason: string | null;
  candidates: string[] | null;
  byte_start: string;
  byte_length: number;
}

/** How a file is written: its columns and marks. */
export interface FileForm extends ColumnNames {
  delimiter: string;
  quote: string;
}

export interface RejectSource {
  db: Queryable;
  spool: FileReader;
  /** The statement `rejects` of the import: $1 its id, $2 the line to go on after, $3 how many. */
  statement: string;
  importId: string;
  /** Why a line was not taken, as a sentence. */
  explain(reject: RejectRow, original: string): string;
}

/** The rejects as CSV, in the delimiter of the file, with the mark that Excel needs for UTF-8. */
export async function* rejectLines(source: RejectSource, form: FileForm): AsyncGenerator<string> {
  const { delimiter, quote } = form;
  // In a file without quotes a cell of ours may not hold the delimiter.
  const plain = (value: string | null) =>
    quote === '' ? (value ?? '').replaceAll(delimiter, ' ') : csvCell(value, delimiter);
  const cells = (values: (string | null)[]) => values.map(plain).join(delimiter);
  const own = ['sluice_line', 'sluice_outcome', 'sluice_reason', 'sluice_explanation'];
  yield `${BOM}${headerRowsWith(form, own).map(cells).join('\n')}\n`;
  for await (const { reject, original } of rejects(source)) {
    const why = cells([reject.line, reject.outcome, wordOf(reject), source.explain(reject, original)]);
    yield `${original}${delimiter}${why}\n`;
  }
}

/** The rejects as JSON Lines: the object with our keys added; what is no object stands whole under `sluice_text`. */
export async function* rejectObjects(source: RejectSource): AsyncGenerator<string> {
  for await (const { reject, original } of rejects(source)) {
    const { line, outcome, reason } = reject;
    const why = JSON.stringify({
      sluice_line: Number(line),
      sluice_outcome: outcome,
      sluice_reason: wordOf(reject),
      sluice_explanation: source.explain(reject, original),
    }).slice(1);
    // Numbers too long for JavaScript keep their digits: the text of the object is not written anew.
    const body =
      reason === 'json_invalid' ? `{"sluice_text":${JSON.stringify(original)}` : original.trim().slice(0, -1);
    yield `${body}${/^\{\s*$/.test(body) ? '' : ','}${why}\n`;
  }
}

/** The reason as a stable word. */
const wordOf = ({ reason }: RejectRow): string | null => (reason === null ? null : splitReason(reason).reason);

async function* rejects(source: RejectSource): AsyncGenerator<{ reject: RejectRow; original: string }> {
  let after = '0';
  for (;;) {
    const { rows } = await source.db.query<RejectRow>(source.statement, [source.importId, after, PAGE_LINES]);
    for (const reject of rows)
      yield { reject, original: await readSpan(source.spool, Number(reject.byte_start), reject.byte_length) };
    if (rows.length < PAGE_LINES) return;
    after = rows.at(-1)!.line;
  }
}

async function readSpan(spool: FileReader, start: number, length: number): Promise<string> {
  const bytes = new Uint8Array(length);
  let got = 0;
  while (got < length) {
    const count = await spool.read(bytes.subarray(got), start + got);
    if (count === 0) break;
    got += count;
  }
  return new TextDecoder().decode(bytes.subarray(0, got));
}
