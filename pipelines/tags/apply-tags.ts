// Apply: writes the events to the log, slice by slice of lines. A slice is one transaction with its own record: it happens
// once or not at all. One after the other: slices of one file mostly concern the same contacts.
import type { ImportRef } from '../../contracts/import.ts';
import { lockImport } from '../import/import-store.ts';
import type { StepControl } from '../../ports/step-control.ts';
import { pendingSlices, type SliceRule } from '../import/slices.ts';
import { ensureMonths } from './months.ts';
import { SLICE_LINES, type TagPorts } from './ports.ts';
import { anyRetraction, readTagImport } from './resolve-tags.ts';
import { forTags } from './tags-sql.ts';

/** A slice takes a fraction of a second. Too low: a slow disk fails it for ever; too high: a frozen worker holds up others. */
const SLICE_TIMEOUT_MS = 60_000;

/**
 * Applies the slices that are not applied yet. Calling it again applies what is left; on an applied import it is a no-op.
 * Stops between slices when told to. @throws PipelineError `import_superseded`
 */
export async function applyTags(ref: ImportRef, ports: TagPorts, control: StepControl): Promise<void> {
  const { db } = ports;
  const { channelId } = await readTagImport(db, ref.importId);
  const rows = ports.tagSliceLines ?? SLICE_LINES;
  await beginApply(ref, ports, rows);
  const { rows: months } = await db.query<{ month: Date }>(forTags('staged_months', ref.importId));
  await ensureMonths(
    db,
    months.map(({ month }) => month),
  );
  const rule: SliceRule = { table: 'tag_staging', due: ['added'], rows, tags: false, replaces: false };
  let done = 0;
  for (const { from, to } of await pendingSlices(db, ref.importId, rule)) {
    control.signal.throwIfAborted();
    await applySlice(ref, ports, channelId, from, to);
    control.onProgress(++done);
  }
}

/** Notes the size of the slices. */
async function beginApply(ref: ImportRef, ports: TagPorts, sliceLines: number): Promise<void> {
  await ports.db.transaction(async (tx) => {
    await lockImport(tx, ref, 'update');
    await tx.query('update imports set slice_lines = $2 where id = $1', [ref.importId, sliceLines]);
  });
}

async function applySlice(ref: ImportRef, ports: TagPorts, channelId: string, from: number, to: number): Promise<void> {
  const range = [ref.importId, from, to];
  await ports.db.transaction(
    async (tx) => {
      await lockImport(tx, ref, 'share');
      const { rowCount: taken } = await tx.query(
        'select from import_slices where import_id = $1 and line_from <= $3 and line_to >= $2',
        range,
      );
      if (taken > 0) return;
      await tx.query(forTags('slice_lock', ref.importId), range);
      await tx.query(forTags('slice_gone', ref.importId), range);
      const { rows } = await tx.query<{ lines: number }>(forTags('slice_count', ref.importId), range);
      const write = async (retractions: number) => {
        const { rows: counts } = await tx.query<{ due: number; put: number }>(forTags('slice_apply', ref.importId), [
          ...range,
          channelId,
          retractions,
        ]);
        return counts[0]!;
      };
      const { due, put } = await write(0);
      if (due > put && (await anyRetraction(tx)))
        for (let retractions = 1; (await write(retractions)).due > 0;) retractions += 1;
      await tx.query(forTags('record_slice', ref.importId), [...range, rows[0]!.lines]);
    },
    { timeoutMs: SLICE_TIMEOUT_MS },
  );
}
