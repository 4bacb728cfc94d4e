// One block of a file of tag events to COPY text, and the count of what is not a line. Runs on any thread; keeps nothing
// between blocks. Column order is that of the statement `copy_lines` in tags.sql.
import { isBlankCell } from '../values/cell-text.ts';
import { copyBuffer, text, type CopyBlock } from '../staging/copy-text.ts';
import { brokenRecord, isBlankRecord } from '../source/record-shape.ts';
import { visitRecords } from '../source/read-records.ts';
import { scanLines } from '../source/record-scanner.ts';
import type { RecordBlock } from '../source/record.ts';
import { parseObject, textOf } from '../source/json-line.ts';
import { refused, tagLineReader, type TagLine } from './tag-line.ts';
import type { TagPlan } from './tag-plan.ts';

/** Bytes of COPY text beside the block's own, to size the first buffer; it grows when that is too little. */
const SPARE_BYTES = 64 * 1024;

interface Span {
  line: number;
  byteStart: number;
  byteLength: number;
}

/** Calls `visit` with every record, and null for a blank one; gives the line after the block. */
type Visit = (block: RecordBlock, visit: (span: Span, line: TagLine | null) => void) => number;

/**
 * Every record of the block as a staged event, in file order; blank records are counted instead. Pure: the same block and plan
 * give the same text. Throws what `visitRecords` throws.
 */
export function copyTagBlock(block: RecordBlock, plan: TagPlan): CopyBlock {
  const buffer = copyBuffer(block.bytes.length + SPARE_BYTES);
  const visit = plan.format === 'csv' ? csvRecords(plan) : jsonRecords(plan);
  let rows = 0;
  let blank = 0;
  let firstLine: number | null = null;
  let lastLine: number | null = null;
  const nextLine = visit(block, (span, event) => {
    if (event === null) {
      blank += 1;
      return;
    }
    buffer.append(copyRow(span, event));
    rows += 1;
    firstLine ??= span.line;
    lastLine = span.line;
  });
  const nextByte = block.byteStart + block.bytes.length;
  return { copyText: buffer.bytes(), rows, blank, firstLine, lastLine, nextByte, nextLine };
}

function copyRow({ line, byteStart, byteLength }: Span, event: TagLine): string {
  const { reason, key, kind, tag, occurredAt, source, messageId } = event;
  return `${line}\t${byteStart}\t${byteLength}\t${text(reason)}\t${text(key)}\t${text(kind)}\t${text(tag)}\t${text(occurredAt)}\t${text(source)}\t${text(messageId)}\n`;
}

function csvRecords(plan: TagPlan): Visit {
  const read = tagLineReader(plan);
  return (block, visit) =>
    visitRecords(block, plan, (record) => {
      const { fields } = record;
      const broken = brokenRecord(record, plan.columns, plan.shortRows);
      if (isBlankRecord(fields)) visit(record, null);
      else if (broken !== null) visit(record, refused(broken));
      else
        visit(
          record,
          read((place) => fields[place as number] ?? ''),
        );
    });
}

function jsonRecords(plan: TagPlan): Visit {
  const read = tagLineReader(plan);
  return ({ bytes, byteStart, firstLine }, visit) => {
    const whole = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    const found = scanLines(bytes, bytes.length, true);
    found.starts.forEach((start, index) => {
      const end = found.ends[index]!;
      const line = whole.toString('utf8', start, end);
      const span = {
        line: firstLine + found.lines[index]!,
        byteStart: byteStart + start,
        byteLength: end - start,
      };
      if (isBlankCell(line)) return visit(span, null);
      const object = parseObject(line);
      if (object === null) return visit(span, refused('json_invalid'));
      visit(
        span,
        read((place) => textOf(object, place as string, line)),
      );
    });
    return firstLine + found.lineBreaks;
  };
}
