// One block of a recipient list to COPY text, and the count of what is not a line. Runs on any thread; keeps nothing between
// blocks. Column order is that of the statement `copy_lines` in audience.sql.
import { isBlankCell } from '../contacts/cell-text.ts';
import { copyBuffer, text, textArray, type CopyBlock } from '../import/copy-text.ts';
import { visitRecords } from '../import/read-records.ts';
import type { RecordBlock } from '../import/staged-row.ts';
import { listLineReader } from './list-line.ts';
import type { ListPlan } from './list-plan.ts';

/** Bytes of COPY text beside the block's own, to size the first buffer; it grows when that is too little. */
const SPARE_BYTES = 64 * 1024;

const isBlank = (fields: string[]) => fields.every(isBlankCell);

/**
 * Every record of the block as a staged line, in file order; blank records are counted instead. Pure: the same block and
 * plan give the same text. Throws what `visitRecords` throws.
 */
export function copyListBlock(block: RecordBlock, plan: ListPlan): CopyBlock {
  const read = listLineReader(plan);
  const buffer = copyBuffer(block.bytes.length + SPARE_BYTES);
  const counts = { rows: 0, blank: 0, firstLine: null as number | null, lastLine: null as number | null };
  const nextLine = visitRecords(block, plan, (record) => {
    if (isBlank(record.fields)) {
      counts.blank += 1;
      return;
    }
    const { line, byteStart, byteLength, reason, key, parameters } = read(record);
    buffer.append(`${line}\t${byteStart}\t${byteLength}\t${text(reason)}\t${text(key)}\t${textArray(parameters)}\n`);
    counts.rows += 1;
    counts.firstLine ??= line;
    counts.lastLine = line;
  });
  return { copyText: buffer.bytes(), ...counts, nextByte: block.byteStart + block.bytes.length, nextLine };
}
