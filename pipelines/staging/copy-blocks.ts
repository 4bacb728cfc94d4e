// From a spool to COPY: blocks of records, normalised some ahead and in file order, as many as fit one transaction. Shared by
// the import and by recipient lists; knows neither.
import type { Transaction } from '../../ports/database.ts';
import type { CopyBlock } from './copy-text.ts';
import type { RecordBlock } from '../source/record.ts';
import { addLeft, type LeftValues } from './left-values.ts';
import { readRecordBlocks, type BlockSource } from '../source/record-blocks.ts';

/** Turns blocks of records into COPY text, off the main thread where that pays. `lookahead` blocks keep it busy. */
export interface BlockNormaliser {
  readonly lookahead: number;
  normalise(block: RecordBlock): Promise<CopyBlock>;
  close(): Promise<void>;
}

/**
 * Bytes of the spool in one transaction. Too low: commits dominate; too high: a crash repeats more, and progress is seen
 * less often (8 MiB is about 80,000 lines, under a second of work).
 */
export const TRANSACTION_BYTES = 8 * 1024 * 1024;

/** A transaction takes about a second. Too low: a slow disk fails it for ever; too high: a frozen worker holds up its successor. */
export const TRANSACTION_TIMEOUT_MS = 60_000;

export type Blocks = AsyncGenerator<CopyBlock, void>;

/** Keeps the normaliser busy some blocks ahead of COPY, and gives the blocks back in file order. */
export async function* normalisedBlocks(source: BlockSource, normaliser: BlockNormaliser): Blocks {
  const ahead: Promise<CopyBlock>[] = [];
  for await (const block of readRecordBlocks(source)) {
    const work = normaliser.normalise(block);
    // Awaited later, in order; a failure before that must not count as unhandled.
    work.catch(() => undefined);
    ahead.push(work);
    if (ahead.length > normaliser.lookahead) yield await ahead.shift()!;
  }
  while (ahead.length > 0) yield await ahead.shift()!;
}

/** What went through COPY in one transaction. */
export interface CopiedBlocks {
  last: CopyBlock;
  rows: number;
  blank: number;
  firstLine: number | null;
  lastLine: number | null;
  left: LeftValues | null;
  /** The block after these, not copied yet. */
  next: IteratorResult<CopyBlock, void>;
}

/** Copies blocks from `first` on until the transaction holds `transactionBytes` of the spool, counted from `fromByte`. */
export async function copyBlocks(
  tx: Transaction,
  statement: string,
  blocks: Blocks,
  first: CopyBlock,
  fromByte: number,
  transactionBytes: number,
): Promise<CopiedBlocks> {
  const done: CopiedBlocks = {
    last: first,
    rows: 0,
    blank: 0,
    firstLine: null,
    lastLine: null,
    left: null,
    next: { done: false, value: first },
  };
  const chunks = async function* () {
    while (!done.next.done) {
      const block = done.next.value;
      done.last = block;
      done.rows += block.rows;
      done.blank += block.blank;
      done.firstLine ??= block.firstLine;
      done.lastLine = block.lastLine ?? done.lastLine;
      done.left = addLeft(done.left, block.left);
      if (block.copyText.length > 0) yield block.copyText;
      done.next = await blocks.next();
      if (block.nextByte - fromByte >= transactionBytes) return;
    }
  };
  await tx.copyIn(statement, chunks());
  return done;
}
