// Cuts what is due of an import into slices, each one transaction, bounded by the rows it writes. Reads only.
import type { Queryable } from '../../ports/database.ts';
import { withIdentifiers } from '../../sql/named.ts';
import { partition, type StagingTable } from '../staging/partition.ts';
import { importSql } from './import-sql.ts';

/** Lines from the first to the last, both of them included. */
export interface Slice {
  from: number;
  to: number;
}

/** What decides how many lines one transaction takes. */
export interface SliceRule {
  table: StagingTable;
  /** Outcomes that have something to write. */
  due: string[];
  /** Rows a slice writes, but for its last line, which may go beyond. */
  rows: number;
  /** The lines of a contact import have tags: each is a row of the contact and a row of the log. */
  tags: boolean;
  /** Tags that a line does not name are taken off: they are rows too. */
  replaces: boolean;
}

/**
 * The slices that are not applied yet, in line order. They touch none that is, however those were cut: an import goes on under
 * another setting, or another version, than it began with. Calling it again gives the same while nothing is applied.
 */
export async function pendingSlices(db: Queryable, importId: string, rule: SliceRule): Promise<Slice[]> {
  const { rows: applied } = await db.query<{ line_from: string; line_to: string }>(
    'select line_from, line_to from import_slices where import_id = $1 order by line_from',
    [importId],
  );
  const statement = withIdentifiers(importSql[rule.tags ? 'pending_tag_slices' : 'pending_slices'], {
    staging: partition(rule.table, importId),
  });
  const slices: Slice[] = [];
  for (const gap of gapsBetween(applied.map((row) => ({ from: Number(row.line_from), to: Number(row.line_to) })))) {
    const values = [importId, rule.due, gap.from, gap.to, rule.rows, ...(rule.tags ? [rule.replaces] : [])];
    const { rows } = await db.query<{ line_from: string; line_to: string }>(statement, values);
    for (const row of rows) slices.push({ from: Number(row.line_from), to: Number(row.line_to) });
  }
  return slices;
}

/** The lines around and between ranges in order; the last gap has no end. Ranges that touch leave none. */
export function gapsBetween(ranges: Slice[]): Slice[] {
  const gaps: Slice[] = [];
  let next = 0;
  for (const { from, to } of ranges) {
    if (from > next) gaps.push({ from: next, to: from - 1 });
    next = Math.max(next, to + 1);
  }
  return [...gaps, { from: next, to: Number.MAX_SAFE_INTEGER }];
}
