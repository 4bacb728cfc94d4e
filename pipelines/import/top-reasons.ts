// The most frequent reasons of an import's invalid lines, for its summary: counts, a line to look at, the column. No cell.
import type { Queryable } from '../../ports/database.ts';
import type { ReasonCount } from '../../contracts/import.ts';
import { importSql } from './import-sql.ts';
import { splitReason } from '../values/reasons.ts';

/** Reasons named in a summary. More would bury the one that matters; fewer hide the second mistake behind the first. */
const MOST = 3;

/** The most frequent first; empty when no line is invalid. `describe` turns a stored reason into a sentence. Reads only. */
export async function topReasons(
  db: Queryable,
  importId: string,
  describe: (stored: string) => string,
): Promise<ReasonCount[]> {
  const { rows } = await db.query<{ reason: string; lines: string; line: string }>(importSql.top_reasons, [
    importId,
    MOST,
  ]);
  return rows.map(({ reason, lines, line }) => ({
    reason: splitReason(reason).reason,
    lines: Number(lines),
    line: Number(line),
    text: describe(reason),
  }));
}
