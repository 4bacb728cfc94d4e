// What became of each recipient of a broadcast, in order and in constant memory: the rows of every report file.
import type { Queryable } from '../../ports/database.ts';
import type { Fate } from '../../contracts/broadcast.ts';
import { fileColumn } from '../../contracts/file-columns.ts';
import { BOM, csvCell } from '../values/csv-cell.ts';
import { reportsSql } from './reports-sql.ts';

export interface RecipientRow {
  ordinal: number;
  line: number | null;
  contactId: string | null;
  address: string | null;
  fate: Fate;
  code: string | null;
  delivery: string;
  deliveryCode: string | null;
  attempts: number;
  settledAt: Date | null;
  requestId: string | null;
  messageId: string | null;
}

/** Rows read at once. Lower: round trips dominate; higher: memory for nothing. */
const PAGE = 10_000;

interface Stored extends Record<string, unknown> {
  ordinal: number;
  line: number | null;
  contact_id: string | null;
  address: string | null;
  fate: Fate;
  code: string | null;
  delivery: string;
  delivery_code: string | null;
  attempts: number;
  settled_at: Date | null;
  request_id: string | null;
  message_id: string | null;
}

/**
 * All recipients, by ordinal, a page at a time. While a broadcast runs, each page is of its own moment. `fates` limits them.
 */
export async function* recipientRows(
  db: Queryable,
  broadcastId: string,
  fates: readonly Fate[] | null = null,
): AsyncGenerator<RecipientRow[], void> {
  let from = 0;
  for (;;) {
    const { rows } = await db.query<Stored>(reportsSql.recipient_rows, [broadcastId, from, PAGE]);
    const last = rows.at(-1);
    if (!last) return;
    const page = rows.filter((row) => fates === null || fates.includes(row.fate)).map(fromStored);
    if (page.length > 0) yield page;
    from = last.ordinal + 1;
  }
}

function fromStored(row: Stored): RecipientRow {
  return {
    ordinal: row.ordinal,
    line: row.line,
    contactId: row.contact_id,
    address: row.address,
    fate: row.fate,
    code: row.code,
    delivery: row.delivery,
    deliveryCode: row.delivery_code,
    attempts: row.attempts,
    settledAt: row.settled_at,
    requestId: row.request_id,
    messageId: row.message_id,
  };
}

export const REPORT_COLUMNS = [
  ['ordinal', 'integer'],
  ['line', 'integer'],
  ['contactId', 'text'],
  ['address', 'text'],
  ['fate', 'text'],
  ['code', 'text'],
  ['delivery', 'text'],
  ['deliveryCode', 'text'],
  ['attempts', 'integer'],
  ['settledAt', 'time'],
  ['requestId', 'text'],
  ['messageId', 'text'],
] as const satisfies readonly (readonly [keyof RecipientRow, 'integer' | 'text' | 'time'])[];

/** The rows as CSV text with a header, page by page; `bom`: behind a byte order mark. */
export async function* recipientCsv(pages: AsyncIterable<RecipientRow[]>, bom = false): AsyncGenerator<string, void> {
  if (bom) yield BOM;
  yield `${REPORT_COLUMNS.map(([name]) => fileColumn(name)).join(',')}\n`;
  for await (const page of pages)
    yield page.map((row) => `${REPORT_COLUMNS.map(([name]) => csvCell(textOf(row[name]), ',')).join(',')}\n`).join('');
}

function textOf(value: string | number | Date | null): string | null {
  if (value === null) return null;
  return value instanceof Date ? value.toISOString() : String(value);
}
