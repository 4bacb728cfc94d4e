// One person or one line, on one page: file, line, outcome, contact, plan, attempts, fate. Reads; judges nothing.
import type { Queryable } from '../../ports/database.ts';
import { reportsSql } from './reports-sql.ts';

export interface ExplainedAttempt {
  attempt: number;
  /** Recipients in the same request; 1 for a request of its own. */
  members: number;
  class: string;
  code: string;
  /** False for an answer that came when something else had been decided. */
  settled: boolean;
  claimedAt: Date;
  slotAt: Date | null;
  answeredAt: Date;
  requestId: string | null;
  messageId: string | null;
  retryKey: string | null;
}

export interface ExplainedRecipient {
  broadcastId: string;
  channel: string;
  state: string;
  file: string | null;
  line: number | null;
  ordinal: number;
  address: string | null;
  contactId: string | null;
  fate: string;
  code: string | null;
  delivery: string;
  /** Places of the message without a value, where that is why it was not sent. */
  missingPlaces: string[];
  /** Refusals that did not say whether the message was taken. */
  unclearRefusals: number;
  reopened: number;
  settledAt: Date | null;
  attempts: ExplainedAttempt[];
}

export interface ExplainedLine {
  kind: 'import' | 'broadcast';
  id: string;
  file: string;
  channel: string;
  state: string;
  line: number;
  outcome: string;
  reason: string | null;
  duplicateOf: number | null;
  /** The recipient the line led to, or null. */
  recipient: ExplainedRecipient | null;
  /** The contact the line is about, or null. */
  contactId: string | null;
}

type Row = Record<string, unknown>;

/** Null where the broadcast has no such recipient. */
export async function explainRecipient(
  db: Queryable,
  broadcastId: string,
  ordinal: number,
): Promise<ExplainedRecipient | null> {
  const { rows } = await db.query<Row>(reportsSql.recipient, [broadcastId, ordinal]);
  const row = rows[0];
  if (!row) return null;
  const { rows: attempts } = await db.query<Row>(reportsSql.attempts_of, [broadcastId, ordinal]);
  return {
    broadcastId,
    channel: row['channel_id'] as string,
    state: row['state'] as string,
    file: row['file_name'] as string | null,
    line: row['line'] as number | null,
    ordinal,
    address: row['address'] as string | null,
    contactId: row['contact_id'] as string | null,
    fate: row['fate'] as string,
    code: row['code'] as string | null,
    delivery: row['delivery'] as string,
    missingPlaces: row['code'] === 'missing_parameter' ? (row['missing'] as string[]) : [],
    unclearRefusals: row['unclear'] as number,
    reopened: row['reopened'] as number,
    settledAt: row['settled_at'] as Date | null,
    attempts: attempts.map((a) => ({
      attempt: a['attempt'] as number,
      members: (a['members'] as number | null) ?? 1,
      class: a['class'] as string,
      code: a['code'] as string,
      settled: a['settled'] as boolean,
      claimedAt: a['claimed_at'] as Date,
      slotAt: a['slot_at'] as Date | null,
      answeredAt: a['answered_at'] as Date,
      requestId: a['request_id'] as string | null,
      messageId: a['message_id'] as string | null,
      retryKey: a['retry_key'] as string | null,
    })),
  };
}

/** The newest broadcasts a contact was a recipient of, at most ten. */
export async function explainContact(db: Queryable, contactId: string): Promise<ExplainedRecipient[]> {
  const { rows } = await db.query<{ broadcast_id: string; ordinal: number }>(reportsSql.broadcasts_of_contact, [
    contactId,
    10,
  ]);
  const found = await Promise.all(rows.map((row) => explainRecipient(db, row.broadcast_id, row.ordinal)));
  return found.filter((recipient) => recipient !== null);
}

/** The imports whose lines were about a contact, newest first, at most five. */
export async function importsOfContact(
  db: Queryable,
  contactId: string,
): Promise<{ importId: string; file: string; line: number; outcome: string; state: string }[]> {
  const { rows } = await db.query<Row>(reportsSql.imports_of_contact, [contactId]);
  return rows.map((row) => ({
    importId: row['import_id'] as string,
    file: row['file_name'] as string,
    line: row['line'] as number,
    outcome: row['outcome'] as string,
    state: row['state'] as string,
  }));
}

/** What became of a line of a file, by its path or its bare name: in the newest imports and broadcasts that read it. */
export async function explainLine(db: Queryable, file: string, line: number): Promise<ExplainedLine[]> {
  const { rows: lists } = await db.query<Row>(reportsSql.broadcasts_of_file, [file, line]);
  const { rows: imports } = await db.query<Row>(reportsSql.imports_of_file, [file, line]);
  const base = (row: Row) => ({
    file: row['file_name'] as string,
    channel: row['channel_id'] as string,
    state: row['state'] as string,
    line: row['line'] as number,
    outcome: row['outcome'] as string,
    reason: row['reason'] as string | null,
    duplicateOf: row['duplicate_of'] as number | null,
  });
  const inBroadcasts = await Promise.all(
    lists.map(async (row): Promise<ExplainedLine> => {
      const id = row['broadcast_id'] as string;
      const ordinal = row['ordinal'] as number | null;
      const recipient = ordinal === null ? null : await explainRecipient(db, id, ordinal);
      return { kind: 'broadcast', id, ...base(row), recipient, contactId: recipient?.contactId ?? null };
    }),
  );
  const inImports = imports.map((row): ExplainedLine => ({
    kind: 'import',
    id: row['import_id'] as string,
    ...base(row),
    recipient: null,
    contactId: row['contact_id'] as string | null,
  }));
  return [...inBroadcasts, ...inImports];
}
