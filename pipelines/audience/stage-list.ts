// Stage: reads the spooled list once, from where it stopped, and puts every line, normalised, into the broadcast's partition.
// Rows and position commit together, so that a crash repeats nothing and loses nothing.
import type { Transaction } from '../../ports/database.ts';
import { lockPlan, readPlan, type PlanRow } from '../broadcast/plan-store.ts';
import type { ListPorts } from '../broadcast/plan-ports.ts';
import type { PlanRef } from '../../contracts/plan.ts';
import {
  copyBlocks,
  normalisedBlocks,
  TRANSACTION_BYTES,
  TRANSACTION_TIMEOUT_MS,
  type Blocks,
  type CopiedBlocks,
} from '../staging/copy-blocks.ts';
import type { CopyBlock } from '../staging/copy-text.ts';
import type { StepControl } from '../../ports/step-control.ts';
import { marksOf } from '../source/marks.ts';
import type { BlockSource, FileReader } from '../source/record-blocks.ts';
import { analyzePartition, createPartition, indexPartition } from '../staging/partition.ts';
import { forList } from './audience-sql.ts';
import { CHUNK_LINES } from './match-list.ts';

/**
 * Bytes read at a time where the main thread normalises, beside deliveries: a larger block would make them miss their slots
 * (this one takes about 5 ms); a smaller one costs more reads. Other threads get the larger blocks of an import.
 */
const BLOCK_BYTES_HERE = 128 * 1024;

/**
 * Below this size Postgres waits for this process, and keeps the index while the lines come for nothing; above it, building
 * it at the end takes a third of the time.
 */
const INDEXED_WHILE_COPIED = 8 * 1024 * 1024;

/**
 * Stages what is not staged yet; gives the number of lines. Calling it again goes on from the committed position; on a
 * staged list it is a no-op. @throws PipelineError `plan_superseded`, `plan_ended`, or what reading finds wrong with the file
 */
export async function stageList(ref: PlanRef, ports: ListPorts, control: StepControl): Promise<number> {
  const row = await ports.db.transaction(async (tx) => {
    const locked = await lockPlan(tx, ref);
    await createPartition(tx, 'broadcast_staging', ref.broadcastId);
    if (locked.spoolBytes < INDEXED_WHILE_COPIED) await indexPartition(tx, 'broadcast_staging', ref.broadcastId);
    return locked;
  });
  const small = row.spoolBytes < INDEXED_WHILE_COPIED;
  const reader = ports.openListReader(row.profile.plan, row.spoolBytes - row.stageByte);
  const spool = await ports.openSpool(row.spoolPath);
  try {
    const blocks = normalisedBlocks(
      blockSource(row, spool, control, ports.listBlockBytes ?? (reader.lookahead === 0 ? BLOCK_BYTES_HERE : null)),
      reader,
    );
    let next = await blocks.next();
    while (!next.done) {
      next = await stageTransaction(ref, ports, blocks, next.value);
      control.onProgress((await readPlan(ports.db, ref.broadcastId)).lines);
    }
  } finally {
    await reader.close();
    await spool.close();
  }
  if (!small) await indexPartition(ports.db, 'broadcast_staging', ref.broadcastId);
  const { lines } = await readPlan(ports.db, ref.broadcastId);
  // The plan for one chunk is good without statistics; a sample would only cost time.
  if (lines > (ports.matchChunkLines ?? CHUNK_LINES))
    await analyzePartition(ports.db, 'broadcast_staging', ref.broadcastId);
  return lines;
}

function blockSource(
  row: PlanRow,
  reader: FileReader,
  { signal }: StepControl,
  blockBytes: number | null,
): BlockSource {
  const from = { fromByte: row.stageByte, untilByte: row.profile.dataEnd, firstLine: row.stageLine };
  return { reader, ...from, ...marksOf(row.profile.plan), signal, ...(blockBytes === null ? {} : { blockBytes }) };
}

/** Copies blocks until the transaction is full, then commits them with the new position. Returns the block after them. */
function stageTransaction(
  ref: PlanRef,
  ports: ListPorts,
  blocks: Blocks,
  first: CopyBlock,
): Promise<IteratorResult<CopyBlock, void>> {
  return ports.db.transaction(
    async (tx) => {
      const row = await lockPlan(tx, ref);
      const statement = forList('copy_lines', ref.broadcastId);
      const bytes = ports.listTransactionBytes ?? TRANSACTION_BYTES;
      const done = await copyBlocks(tx, statement, blocks, first, row.stageByte, bytes);
      await movePosition(tx, row, done);
      return done.next;
    },
    { timeoutMs: TRANSACTION_TIMEOUT_MS },
  );
}

async function movePosition(tx: Transaction, row: PlanRow, done: CopiedBlocks): Promise<void> {
  await tx.query(
    `update broadcasts set stage_byte = $2, stage_line = $3, lines = lines + $4, skipped = $5,
       updated_at = sluice_now()
     where id = $1`,
    [
      row.broadcastId,
      done.last.nextByte,
      done.last.nextLine,
      done.rows,
      JSON.stringify({ ...row.skipped, blank: row.skipped.blank + done.blank }),
    ],
  );
}
