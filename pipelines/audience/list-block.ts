// One block of a recipient list to COPY text, and the count of what is not a line. Runs on any thread; keeps nothing between
// blocks. Column order is that of the statement `copy_lines` in audience.sql.
import { copyBuffer, text, textArray, type CopyBlock } from '../staging/copy-text.ts';
import { visitRecords } from '../source/read-records.ts';
import { isBlankRecord } from '../source/record-shape.ts';
import type { RecordBlock } from '../source/record.ts';
import { listLineReader } from './list-line.ts';
import type { ListPlan } from './list-plan.ts';

/** Bytes of COPY text beside the block's own, to size the first buffer; it grows when that is too little. */
const SPARE_BYTES = 64 * 1024;

/**
 * Every record of the block as a staged line, in file order; blank records are counted instead. Pure: the same block and
 * plan give the same text. Throws what `visitRecords` throws.
 */
export function copyListBlock(block: RecordBlock, plan: ListPlan): CopyBlock {
  const read = listLineReader(plan);
  const buffer = copyBuffer(block.bytes.length + SPARE_BYTES);
  let rows = 0;
  let blank = 0;
  let firstLine: number | null = null;
  let lastLine: number | null = null;
  const nextLine = visitRecords(block, plan, (record) => {
    if (isBlankRecord(record.fields)) {
      blank += 1;
      return;
    }
    const { line, byteStart, byteLength } = record;
    const { reason, key, parameters } = read(record);
    buffer.append(`${line}\t${byteStart}\t${byteLength}\t${text(reason)}\t${text(key)}\t${textArray(parameters)}\n`);
    rows += 1;
    firstLine ??= line;
    lastLine = line;
  });
  const nextByte = block.byteStart + block.bytes.length;
  return { copyText: buffer.bytes(), rows, blank, firstLine, lastLine, nextByte, nextLine };
}
