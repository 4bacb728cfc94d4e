// How far an import is, for people who watch. Reads only.
import type { Queryable } from '../../ports/database.ts';
import type { ImportProgress } from '../../contracts/import.ts';
import { readImport } from './import-store.ts';

/** The progress of whatever import that workflow works on: it may go on with one begun under another id. */
export async function readProgressOfWorkflow(db: Queryable, workflowId: string): Promise<ImportProgress> {
  const { rows } = await db.query<{ id: string }>(
    'select id from imports where workflow_id = $1 order by id desc limit 1',
    [workflowId],
  );
  return readProgress(db, rows[0]?.id ?? '0');
}

/** Counts as they stand now; cheap enough to be asked every few seconds. */
export async function readProgress(db: Queryable, importId: string): Promise<ImportProgress> {
  const row = await readImport<unknown, { dataEnd?: number | null; warnings?: string[] }, Record<string, number>>(
    db,
    importId,
  );
  const bytesTotal = row.profile.dataEnd ?? row.spoolBytes;
  const staged = row.stageByte >= bytesTotal;
  const { rows } = await db.query<{ changed: string; created: string; updated: string }>(
    `select coalesce(sum(created + updated), 0) as changed, coalesce(sum(created), 0) as created,
       coalesce(sum(updated), 0) as updated
     from import_slices where import_id = $1`,
    [importId],
  );
  const applied = rows[0]!;
  const applying = row.outcomes !== null;
  // What applying has to do: contacts to write, or events.
  const due = ['create', 'update', 'added'].reduce((sum, name) => sum + (row.outcomes?.[name] ?? 0), 0);
  return {
    state: row.state,
    linesDone: applying ? Number(applied.changed) : row.stagedLines,
    linesTotal: applying ? due : staged ? row.stagedLines : null,
    bytesDone: row.stageByte,
    bytesTotal,
    outcomes: row.outcomes ?? {},
    warnings: row.profile.warnings ?? [],
  };
}
