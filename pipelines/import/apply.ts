// Apply: does what resolve decided, slice by slice. A slice is one transaction with its own record: it happens once or not
// at all, in any order, from any number of connections.
import type { ImportRef } from '../../contracts/import.ts';
import type { Transaction } from '../../ports/database.ts';
import { PipelineError } from '../../contracts/pipeline-error.ts';
import { forImport, importSql } from './import-sql.ts';
import { lockImport, readImport, type ImportRow } from './import-store.ts';
import type { ImportPorts } from './ports.ts';
import type { SuppressionPads } from '../values/address-hash.ts';
import type { StepControl } from '../../ports/step-control.ts';
import { hasTags } from './resolve.ts';
import { pendingSlices, type Slice } from './slices.ts';

/** A slice takes a fraction of a second. Too low: a slow disk fails it for ever; too high: a frozen worker holds up others. */
const SLICE_TIMEOUT_MS = 60_000;

/**
 * Rows that a slice with tags writes, whatever the setting: it holds the log's lock, and whoever fixes a watermark waits for it
 * (under 5 s; 20,000 events took 3 s on two busy cores, and half of these rows are events). Too low: commits dominate.
 */
const MOST_ROWS_WITH_TAGS = 20_000;

/**
 * Applies the slices that are not applied yet. Calling it again applies what is left; on an applied import it is a no-op.
 * Stops between slices when told to. @throws PipelineError `import_superseded`, `attribute_defined_meanwhile`
 */
export async function applySlices(ref: ImportRef, ports: ImportPorts, control: StepControl): Promise<void> {
  const row = await readImport(ports.db, ref.importId);
  await beginApply(ref, ports);
  // The tag events of an import happen when it starts.
  await ports.db.query('select ensure_tag_months($1, $1)', [row.startedAt]);
  const tags = hasTags(row);
  const queue = await pendingSlices(ports.db, ref.importId, {
    table: 'import_staging',
    due: ['create', 'update'],
    rows: tags ? Math.min(ports.sliceLines, MOST_ROWS_WITH_TAGS) : ports.sliceLines,
    tags,
    replaces: row.options.tags === 'replace',
  });
  const pads = lazily(() => ports.suppressionPads());
  let done = 0;
  const lane = async () => {
    for (let slice = queue.shift(); slice !== undefined; slice = queue.shift()) {
      control.signal.throwIfAborted();
      await applySlice(ref, ports, row, slice, pads);
      control.onProgress(++done);
    }
  };
  const lanes = await Promise.allSettled(Array.from({ length: ports.parallel }, lane));
  // Only after every lane has come to rest: a lane that still writes while the step is over would surprise its successor.
  for (const result of lanes) if (result.status === 'rejected') throw result.reason;
}

/** Records how large the slices are. Calling it again changes nothing. */
async function beginApply(ref: ImportRef, ports: ImportPorts): Promise<void> {
  await ports.db.transaction(async (tx) => {
    await lockImport(tx, ref, 'update');
    await tx.query('update imports set slice_lines = $2 where id = $1', [ref.importId, ports.sliceLines]);
  });
}

/**
 * The attributes that the file brings, with the first slice that is applied: an import that applied nothing defines nothing. @throws PipelineError `attribute_defined_meanwhile` when one is there of another type:
 * the lines are staged with values of the type that the file seemed to have
 */
async function defineAttributes(tx: Transaction, { profile: { newAttributes } }: ImportRow): Promise<void> {
  if (newAttributes.length === 0) return;
  const values = [newAttributes.map(({ name }) => name), newAttributes.map(({ type }) => type)];
  await tx.query(importSql.define_attributes, values);
  const { rows } = await tx.query<{ name: string; type: string; mine: string }>(importSql.other_attributes, values);
  const [other] = rows;
  if (other === undefined) return;
  throw new PipelineError(
    'attribute_defined_meanwhile',
    `The attribute “${other.name}” was defined as ${other.type} while this import ran, which reads it as ${other.mine}.`,
    { hint: 'Start the same file again: it is read anew, by the definition that there is now.' },
  );
}

/** Calls `make` at the first use only. */
function lazily<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | null = null;
  return () => (made ??= make());
}

async function applySlice(
  ref: ImportRef,
  ports: ImportPorts,
  row: ImportRow,
  slice: Slice,
  pads: () => Promise<SuppressionPads>,
): Promise<void> {
  const range = [ref.importId, slice.from, slice.to];
  await ports.db.transaction(
    async (tx) => {
      await lockImport(tx, ref, 'share');
      const run = (name: Parameters<typeof forImport>[0], more: unknown[] = []) =>
        tx.query(forImport(name, ref.importId), [...range, ...more]);
      const taken = await tx.query(
        'select from import_slices where import_id = $1 and line_from <= $3 and line_to >= $2',
        range,
      );
      if (taken.rowCount > 0) return;
      await defineAttributes(tx, row);
      // Asked in every slice, and again where somebody went: the first suppression of a channel may come while slices are applied.
      const keys = async () => {
        const { rows } = await tx.query<{ found: boolean }>(importSql.has_suppressions, [ref.importId]);
        if (!rows[0]?.found) return [null, null];
        const { inner, outer } = await pads();
        return [inner, outer];
      };
      const before = await keys();
      if (before[0] !== null) await run('slice_suppress', before);
      await createContacts(run, keys);
      await changeContacts(row, run);
      if (hasTags(row)) await changeTags(row, run);
      await run('record_slice');
    },
    { timeoutMs: SLICE_TIMEOUT_MS },
  );
}

type Run = (name: Parameters<typeof forImport>[0], more?: unknown[]) => ReturnType<Transaction['query']>;

async function createContacts(run: Run, keys: () => Promise<(Uint8Array | null)[]>): Promise<void> {
  const { rows } = await run('slice_count_creates');
  const expected = Number((rows[0] as { lines: number }).lines);
  if (expected === 0) return;
  const { rowCount } = await run('slice_create');
  if (rowCount < expected) {
    // Someone else made some of these contacts meanwhile. Their lines change them instead; or say that the contact went before it was
    // found: no line may stand for a contact that is not there, since its tags would be nobody's.
    await run('slice_late');
    await run('slice_vanished', await keys());
  }
  const now = await keys();
  if (now[0] !== null) await run('slice_unmake', now);
}

async function changeContacts(row: ImportRow, run: Run): Promise<void> {
  const { rowCount } = await run('slice_lock');
  await run('slice_gone');
  if (rowCount === 0) return;
  await run('slice_equal', [row.options.allowResubscribe, row.options.tags, hasTags(row)]);
  await run('slice_before_images');
  await run('slice_update', [row.options.allowResubscribe]);
}

async function changeTags(row: ImportRow, run: Run): Promise<void> {
  if (row.options.tags !== 'add') await run('slice_tags_off', [row.options.tags]);
  if (row.options.tags !== 'remove') await run('slice_tags_on');
}
