// The lines file of a plan: every line as it stood in the list, and what became of it, as CSV in the list's own dialect.
// Reads the spool and the outcomes side by side, in file order and constant memory. Its columns named sluice_* are ignored
// when the file is used as a list again.
import type { Queryable } from '../../ports/database.ts';
import type { OpenSpool } from '../broadcast/plan-ports.ts';
import type { PlanRow } from '../broadcast/plan-store.ts';
import type { LineMatch } from '../../contracts/broadcast.ts';
import { headerRowsWith } from '../source/joined-header.ts';
import type { FileReader } from '../source/record-blocks.ts';
import { csvCell } from '../values/csv-cell.ts';
import { forList } from './audience-sql.ts';

/** Lines fetched at a time. Too low: round trips dominate; too high: memory grows with the list. */
const PAGE_LINES = 10_000;

interface LineRow extends Record<string, unknown> {
  line: string;
  byte_start: string;
  byte_length: number;
  outcome: LineMatch;
  reason: string | null;
  duplicate_of: string | null;
}

/** The text of the lines file, page by page. Personal data. */
export async function* linesOf(
  row: PlanRow,
  ports: { db: Queryable; openSpool: OpenSpool },
): AsyncGenerator<string, void> {
  const { delimiter, quote } = row.profile.plan;
  // In a list without quotes a cell of ours may not hold the delimiter.
  const plain = (cell: string) => (quote === '' ? cell.replaceAll(delimiter, ' ') : csvCell(cell, delimiter));
  const own = ['sluice_line', 'sluice_outcome', 'sluice_reason', 'sluice_duplicate_of'];
  for (const cells of headerRowsWith(row.profile, own)) yield `${cells.map(plain).join(delimiter)}\n`;
  const spool = await ports.openSpool(row.spoolPath);
  try {
    let after = '0';
    for (;;) {
      const { rows } = await ports.db.query<LineRow>(forList('lines', row.broadcastId), [
        row.broadcastId,
        after,
        PAGE_LINES,
      ]);
      if (rows.length === 0) return;
      yield await pageText(rows, spool, delimiter);
      after = rows.at(-1)!.line;
    }
  } finally {
    await spool.close();
  }
}

/** The lines of a page lie one after the other in the spool: one read gets them all. */
async function pageText(rows: LineRow[], spool: FileReader, delimiter: string): Promise<string> {
  const from = Number(rows[0]!.byte_start);
  const last = rows.at(-1)!;
  const bytes = await readSpan(spool, from, Number(last.byte_start) + last.byte_length - from);
  let text = '';
  for (const { line, outcome, reason, duplicate_of: duplicateOf, byte_start: byteStart, byte_length: length } of rows) {
    const start = Number(byteStart) - from;
    const original = bytes.toString('utf8', start, start + length);
    text += `${original}${delimiter}${line}${delimiter}${outcome}${delimiter}${reason ?? ''}${delimiter}${duplicateOf ?? ''}\n`;
  }
  return text;
}

async function readSpan(spool: FileReader, start: number, length: number): Promise<Buffer> {
  const bytes = Buffer.allocUnsafeSlow(length);
  let got = 0;
  while (got < length) {
    const count = await spool.read(bytes.subarray(got), start + got);
    if (count === 0) break;
    got += count;
  }
  return bytes.subarray(0, got);
}
