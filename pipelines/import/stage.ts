// Stage: reads the spool once, from where it stopped, and puts every line, normalised, into the import's partition.
// Rows and position commit together, so that a crash repeats nothing and loses nothing.
import type { Transaction } from '../../ports/database.ts';
import type { ImportRef } from '../../contracts/import.ts';
import {
  copyBlocks,
  normalisedBlocks,
  TRANSACTION_BYTES,
  TRANSACTION_TIMEOUT_MS,
  type Blocks,
  type CopiedBlocks,
  type BlockNormaliser,
} from '../staging/copy-blocks.ts';
import { marksOf, type Marks } from '../source/marks.ts';
import type { BlockSource, FileReader } from '../source/record-blocks.ts';
import type { CopyBlock } from '../staging/copy-text.ts';
import { analyzePartition, createPartition, indexPartition, type StagingTable } from '../staging/partition.ts';
import { forImport } from './import-sql.ts';
import { lockImport, readImport, type ImportRow } from './import-store.ts';
import { addLeft, type LeftValues } from '../staging/left-values.ts';
import type { ImportPorts } from './ports.ts';
import type { StepControl } from '../../ports/step-control.ts';

export interface StageResult {
  lines: number;
  blank: number;
}

type OpenSpool = (path: string) => Promise<FileReader & { close(): Promise<void> }>;
type StagePorts = Pick<ImportPorts, 'db' | 'stageTransactionBytes' | 'stageBlockBytes'>;

/** How the lines of one kind of import are read, and where they go. */
export interface StageInto<Row extends ImportRow<unknown, StagedProfile, unknown>> {
  table: StagingTable;
  /** The COPY statement. */
  statement: string;
  open(row: Row): BlockNormaliser;
}

/** What staging must know of a file's profile. */
interface StagedProfile {
  plan: Marks;
  dataEnd?: number | null;
  left?: LeftValues;
}

/** Stages the lines of a contact import; see {@link stageInto}. */
export async function stageLines(
  ref: ImportRef,
  ports: ImportPorts,
  openSpool: OpenSpool,
  control: StepControl,
): Promise<StageResult> {
  const into: StageInto<ImportRow> = {
    table: 'import_staging',
    statement: forImport('copy_lines', ref.importId),
    open: (row) => ports.openNormaliser(row.profile.plan),
  };
  return stageInto(ref, into, ports, openSpool, control);
}

/**
 * Stages what is not staged yet. Calling it again goes on from the committed position; on a staged import it is a no-op.
 * @throws PipelineError `import_superseded`, or what reading and normalising find wrong with the file as a whole
 */
export async function stageInto<Row extends ImportRow<unknown, StagedProfile, unknown>>(
  ref: ImportRef,
  into: StageInto<Row>,
  ports: StagePorts,
  openSpool: OpenSpool,
  control: StepControl,
): Promise<StageResult> {
  const row = await ports.db.transaction(async (tx) => {
    const locked = await lockImport<unknown, StagedProfile, unknown>(tx, ref, 'update');
    await createPartition(tx, into.table, ref.importId);
    return locked as Row;
  });
  const normaliser = into.open(row);
  const spool = await openSpool(row.spoolPath);
  try {
    const blocks = normalisedBlocks(blockSource(row, spool, control.signal, ports.stageBlockBytes), normaliser);
    let next = await blocks.next();
    while (!next.done) {
      next = await stageTransaction(ref, ports, into.statement, blocks, next.value);
      control.onProgress(Number((await readImport(ports.db, ref.importId)).stagedLines));
    }
  } finally {
    await normaliser.close();
    await spool.close();
  }
  const staged = await readImport(ports.db, ref.importId);
  await indexPartition(ports.db, into.table, ref.importId);
  await analyzePartition(ports.db, into.table, ref.importId);
  return { lines: staged.stagedLines, blank: staged.skipped.blank };
}

function blockSource(
  row: ImportRow<unknown, StagedProfile, unknown>,
  reader: FileReader,
  signal: AbortSignal,
  blockBytes?: number,
): BlockSource {
  const from = { fromByte: row.stageByte, untilByte: row.profile.dataEnd, firstLine: row.stageLine };
  return { reader, ...from, ...marksOf(row.profile.plan), signal, ...(blockBytes === undefined ? {} : { blockBytes }) };
}

/** Copies blocks until the transaction is full, then commits them with the new position. Returns the block after them. */
async function stageTransaction(
  ref: ImportRef,
  ports: StagePorts,
  statement: string,
  blocks: Blocks,
  first: CopyBlock,
): Promise<IteratorResult<CopyBlock, void>> {
  return ports.db.transaction(
    async (tx) => {
      const row = await lockImport<unknown, StagedProfile, unknown>(tx, ref, 'update');
      const bytes = ports.stageTransactionBytes ?? TRANSACTION_BYTES;
      const done = await copyBlocks(tx, statement, blocks, first, row.stageByte, bytes);
      await movePosition(tx, ref, done, row.profile.left);
      return done.next;
    },
    { timeoutMs: TRANSACTION_TIMEOUT_MS },
  );
}

async function movePosition(
  tx: Transaction,
  ref: ImportRef,
  done: CopiedBlocks,
  left: LeftValues | undefined,
): Promise<void> {
  const counted = done.left === null ? null : addLeft(left, done.left);
  await tx.query(
    `update imports set stage_byte = $2, stage_line = $3, staged_lines = staged_lines + $4,
       skipped_blank = skipped_blank + $5, first_line = coalesce(first_line, $6), last_line = coalesce($7, last_line),
       profile = case when $8::jsonb is null then profile else profile || jsonb_build_object('left', $8::jsonb) end,
       updated_at = sluice_now()
     where id = $1`,
    [
      ref.importId,
      done.last.nextByte,
      done.last.nextLine,
      done.rows,
      done.blank,
      done.firstLine,
      done.lastLine,
      counted === null ? null : JSON.stringify(counted),
    ],
  );
}
