// One block of a spool to staged rows, and the count of what is not a row. Runs on any thread; keeps nothing between
// blocks.
import { rowNormaliser } from './normalise-row.ts';
import { visitRecords } from '../source/read-records.ts';
import { isBlankRecord } from '../source/record-shape.ts';
import type { NormalisedBlock, NormalisePlan, StagedRow } from './staged-row.ts';
import type { RecordBlock } from '../source/record.ts';

/**
 * Every record of the block as a staged row, in file order; blank records are counted instead. rows + blank = records
 * of the block. Pure: the same block and plan give the same rows. Throws what `visitRecords` throws.
 */
export function normaliseBlock(block: RecordBlock, plan: NormalisePlan): NormalisedBlock {
  const normalise = rowNormaliser(plan);
  const rows: StagedRow[] = [];
  let blank = 0;
  const nextLine = visitRecords(block, plan, (record) => {
    if (isBlankRecord(record.fields)) blank += 1;
    else rows.push(normalise(record));
  });
  return { rows, blank, nextByte: block.byteStart + block.bytes.length, nextLine };
}
