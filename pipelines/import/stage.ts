// Stage: reads the spool once, from where it stopped, and puts every line, normalised, into the import's partition.
// Rows and position commit together, so that a crash repeats nothing and loses nothing.
import type { Transaction } from '../../adapters/postgres/database.ts';
import type { ImportRef } from '../contracts/import.ts';
import type { FileReader } from './record-blocks.ts';
import { readRecordBlocks } from './record-blocks.ts';
import type { CopyBlock } from './copy-text.ts';
import { createPartition, forImport } from './import-sql.ts';
import { lockImport, readImport, type ImportRow } from './import-store.ts';
import type { BlockNormaliser, ImportPorts, StepControl } from './ports.ts';

/**
 * Bytes of the spool in one transaction. Too low: commits dominate; too high: a crash repeats more, and progress is seen
 * less often (8 MiB is about 80,000 lines, under a second of work).
 */
const TRANSACTION_BYTES = 8 * 1024 * 1024;

/** A transaction takes about a second. Too low: a slow disk fails it for ever; too high: a frozen worker holds up its successor. */
const TRANSACTION_TIMEOUT_MS = 60_000;

export interface StageResult {
  lines: number;
  blank: number;
}

/**
 * Stages what is not staged yet. Calling it again goes on from the committed position; on a staged import it is a no-op.
 * @throws PipelineError `import_superseded`, or what reading and normalising find wrong with the file as a whole
 */
export async function stageLines(
  ref: ImportRef,
  ports: ImportPorts,
  openSpool: (path: string) => Promise<FileReader & { close(): Promise<void> }>,
  control: StepControl,
): Promise<StageResult> {
  const row = await ports.db.transaction(async (tx) => {
    const locked = await lockImport(tx, ref, 'update');
    await createPartition(tx, ref.importId);
    return locked;
  });
  const normaliser = ports.openNormaliser(row.profile.plan);
  const spool = await openSpool(row.spoolPath);
  try {
    const blocks = normalisedBlocks(row, spool, normaliser, control.signal, ports.stageBlockBytes);
    let next = await blocks.next();
    while (!next.done) {
      next = await stageTransaction(ref, ports, blocks, next.value);
      control.onProgress(Number((await readImport(ports.db, ref.importId)).stagedLines));
    }
  } finally {
    await normaliser.close();
    await spool.close();
  }
  const staged = await readImport(ports.db, ref.importId);
  await ports.db.query(forImport('index_partition', ref.importId));
  await ports.db.query(forImport('analyze_partition', ref.importId));
  return { lines: staged.stagedLines, blank: staged.skipped.blank };
}

type Blocks = AsyncGenerator<CopyBlock, void>;

/** Keeps the normaliser busy some blocks ahead of COPY, and gives the blocks back in file order. */
async function* normalisedBlocks(
  row: ImportRow,
  spool: FileReader,
  normaliser: BlockNormaliser,
  signal: AbortSignal,
  blockBytes: number | undefined,
): Blocks {
  const { delimiter, quote } = row.profile;
  const source = readRecordBlocks({
    reader: spool,
    fromByte: row.stageByte,
    firstLine: row.stageLine,
    delimiter,
    quote,
    signal,
    ...(blockBytes === undefined ? {} : { blockBytes }),
  });
  const ahead: Promise<CopyBlock>[] = [];
  for await (const block of source) {
    const work = normaliser.normalise(block);
    // Awaited later, in order; a failure before that must not count as unhandled.
    work.catch(() => undefined);
    ahead.push(work);
    if (ahead.length > normaliser.lookahead) yield await ahead.shift()!;
  }
  while (ahead.length > 0) yield await ahead.shift()!;
}

/** Copies blocks until the transaction is full, then commits them with the new position. Returns the block after them. */
async function stageTransaction(
  ref: ImportRef,
  ports: ImportPorts,
  blocks: Blocks,
  first: CopyBlock,
): Promise<IteratorResult<CopyBlock, void>> {
  return ports.db.transaction(
    async (tx) => {
      const row = await lockImport(tx, ref, 'update');
      const done: { last: CopyBlock; rows: number; blank: number; firstLine: number | null; lastLine: number | null } =
        {
          last: first,
          rows: 0,
          blank: 0,
          firstLine: null,
          lastLine: null,
        };
      let next: IteratorResult<CopyBlock, void> = { done: false, value: first };
      const chunks = async function* () {
        while (!next.done) {
          const block = next.value;
          done.last = block;
          done.rows += block.rows;
          done.blank += block.blank;
          done.firstLine ??= block.firstLine;
          done.lastLine = block.lastLine ?? done.lastLine;
          if (block.copyText.length > 0) yield block.copyText;
          next = await blocks.next();
          if (block.nextByte - row.stageByte >= (ports.stageTransactionBytes ?? TRANSACTION_BYTES)) return;
        }
      };
      await tx.copyIn(forImport('copy_lines', ref.importId), chunks());
      await movePosition(tx, ref, done);
      return next;
    },
    { timeoutMs: TRANSACTION_TIMEOUT_MS },
  );
}

async function movePosition(
  tx: Transaction,
  ref: ImportRef,
  done: { last: CopyBlock; rows: number; blank: number; firstLine: number | null; lastLine: number | null },
): Promise<void> {
  await tx.query(
    `update imports set stage_byte = $2, stage_line = $3, staged_lines = staged_lines + $4,
       skipped_blank = skipped_blank + $5, first_line = coalesce(first_line, $6), last_line = coalesce($7, last_line),
       updated_at = clock_timestamp()
     where id = $1`,
    [ref.importId, done.last.nextByte, done.last.nextLine, done.rows, done.blank, done.firstLine, done.lastLine],
  );
}
