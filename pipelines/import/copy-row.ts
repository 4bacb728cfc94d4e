// Staged rows of contacts in COPY text format. Column order is that of the statement `copy_lines`.
import { copyBuffer, NULL, text, textArray, type CopyBlock } from '../staging/copy-text.ts';
import { countLeft, type LeftValues } from '../staging/left-values.ts';
import type { NormalisedBlock, StagedRow } from './staged-row.ts';

function flag(value: boolean | null): string {
  return value === null ? NULL : value ? 't' : 'f';
}

function json(value: StagedRow['attributes']): string {
  return value === null ? NULL : text(JSON.stringify(value));
}

/** One row, with its line end. */
export function copyRow(row: StagedRow): string {
  return `${row.line}\t${row.byteStart}\t${row.byteLength}\t${text(row.reason)}\t${text(row.socialId)}\t${text(row.displayName)}\t${text(row.avatarUrl)}\t${text(row.timeZone)}\t${text(row.memberId)}\t${text(row.email)}\t${text(row.emailKey)}\t${text(row.phone)}\t${text(row.phoneRaw)}\t${flag(row.subscribed)}\t${text(row.subscribedSince)}\t${text(row.lastInteractionAt)}\t${json(row.attributes)}\t${textArray(row.tags)}\n`;
}

/** Bytes of COPY text that a row of the usual length takes, to size the first buffer; a longer one makes it grow. */
const USUAL_ROW_BYTES = 400;

/**
 * The rows of a block as COPY text. Row by row into one buffer: a string of the whole block would be built twice, as a
 * rope and flat, and cost a third of the time of normalising in collected garbage.
 */
export function toCopyBlock(block: NormalisedBlock): CopyBlock {
  const buffer = copyBuffer(block.rows.length * USUAL_ROW_BYTES);
  const left: LeftValues = {};
  for (const row of block.rows) {
    buffer.append(copyRow(row));
    if (row.left !== undefined) countLeft(left, row.left, row.line);
  }
  return {
    copyText: buffer.bytes(),
    rows: block.rows.length,
    blank: block.blank,
    firstLine: block.rows[0]?.line ?? null,
    lastLine: block.rows.at(-1)?.line ?? null,
    nextByte: block.nextByte,
    nextLine: block.nextLine,
    ...(Object.keys(left).length > 0 ? { left } : {}),
  };
}
