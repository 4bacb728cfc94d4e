// Single tag events: put on, taken off, retracted. The log first, then the tags of the contact as the log says, together.
import type { Database, Transaction } from '../../ports/database.ts';
import { PipelineError } from '../../contracts/pipeline-error.ts';
import type { TagKind } from '../../contracts/tag-event.ts';
import { ensureMonths } from './months.ts';
import { SLICE_LINES } from './ports.ts';
import { tagsSql } from './tags-sql.ts';

/** A transaction that writes to the log takes a fraction of a second. Higher: a frozen process holds up a watermark that long. */
const TIMEOUT_MS = 30_000;

export interface NewEvent {
  contactId: string;
  kind: TagKind;
  tag: string;
  /** ISO instant; null: now, by the database's clock. */
  at: string | null;
  source: string;
  messageId: string | null;
}

export interface WrittenEvent {
  eventId: string;
  occurredAt: Date;
  /** The log has had it already: nothing was written. */
  known: boolean;
}

/** Writes one event, or finds the one that is there. @throws PipelineError `contact_unknown` */
export async function writeEvent(db: Database, event: NewEvent): Promise<WrittenEvent> {
  // Postgres knows these words; an event that happens now may just fall into tomorrow.
  await ensureMonths(db, event.at === null ? ['now', 'tomorrow'] : [event.at]);
  return db.transaction(
    async (tx) => {
      await lockContacts(tx, [event.contactId]);
      const written = await putEvent(tx, event);
      await settle(tx, [{ contact_id: event.contactId, tag: event.tag }]);
      return written;
    },
    { timeoutMs: TIMEOUT_MS },
  );
}

async function putEvent(tx: Transaction, event: NewEvent): Promise<WrittenEvent> {
  const { contactId, kind, tag, at, source, messageId } = event;
  const values = [contactId, kind, tag, at, source, messageId];
  type Found = { id: string; occurred_at: Date; retracted: boolean };
  for (let retractions = 0; ; retractions += 1) {
    const { rows } = await tx.query<Found>(tagsSql.put_event, [...values, retractions]);
    if (rows[0]) return { eventId: rows[0].id, occurredAt: rows[0].occurred_at, known: false };
    const { rows: there } = await tx.query<Found>(tagsSql.standing_event, [...values, retractions]);
    if (!there[0]) throw contactGone();
    if (!there[0].retracted) return { eventId: there[0].id, occurredAt: there[0].occurred_at, known: true };
  }
}

function contactGone(): PipelineError {
  return new PipelineError('contact_unknown', 'The contact is gone.', {
    hint: 'Find it with: sluice contacts search.',
  });
}

/** In one order for everybody who writes tags, so that nobody waits in a circle. */
async function lockContacts(tx: Transaction, contactIds: string[]): Promise<void> {
  await tx.query(tagsSql.lock_contacts, [contactIds]);
}

interface Pair extends Record<string, unknown> {
  contact_id: string;
  tag: string;
}

async function settle(tx: Transaction, pairs: Pair[]): Promise<void> {
  if (pairs.length === 0) return;
  await tx.query(tagsSql.settle_pairs, [pairs.map((pair) => pair.contact_id), pairs.map((pair) => pair.tag)]);
}

/**
 * Retracts events; gives how many were retracted now. Those that were before, and retractions themselves, are left.
 * @throws PipelineError `event_unknown` when one of them is not in the log
 */
export async function retractEvents(db: Database, eventIds: string[]): Promise<number> {
  const ids = [...new Set(eventIds)];
  const { rows } = await db.query<{ contacts: string[]; events: number }>(tagsSql.contacts_of_events, [ids]);
  const { contacts, events } = rows[0]!;
  if (events < ids.length)
    throw new PipelineError('event_unknown', `${ids.length - events} of these events are not in the log.`, {
      hint: 'Nothing was retracted. The ids are in: sluice tags show CONTACT.',
    });
  return retract(db, contacts, (tx) => tx.query<Pair>(tagsSql.retract_events, [ids]));
}

/**
 * Retracts all events of an import, about `pageEvents` in a transaction; gives how many were retracted now. Calling it again goes
 * on where it stopped. An import of tag events is `undone` then: its content is not recognised any more. From its begin on, older
 * tries of the import write nothing. @throws PipelineError `import_unknown`; `import_running`, also when the import was started
 * again meanwhile: then what was retracted until then stays so, and the restart may have written more
 */
export async function retractImport(
  db: Database,
  importId: string,
  onProgress: (retracted: number) => void = () => undefined,
  pageEvents = SLICE_LINES,
): Promise<number> {
  const taken = await takeImport(db, importId);
  const { rows: pages } = await db.query<{ first: string; last: string }>(tagsSql.import_pages, [importId, pageEvents]);
  let retracted = 0;
  for (const { first, last } of pages) {
    const { rows } = await db.query<{ id: string }>(tagsSql.page_contacts, [importId, first, last]);
    const contacts = rows.map(({ id }) => id);
    retracted += await retract(
      db,
      contacts,
      (tx) => tx.query<Pair>(tagsSql.retract_import, [importId, contacts]),
      // Before the contacts, as the slices of an import do.
      (tx) => stillTaken(tx, importId, taken, 'share'),
    );
    onProgress(retracted);
  }
  await db.transaction(async (tx) => {
    await stillTaken(tx, importId, taken, 'update');
    if (taken.kind === 'tags')
      await tx.query(`update imports set state = 'undone', updated_at = sluice_now() where id = $1`, [importId]);
  });
  return retracted;
}

/** The import, as one attempt of it that only retracts. */
interface Taken {
  attempt: number;
  kind: string;
}

/** Takes over an import that has ended, so that whoever still works on an earlier attempt writes nothing more. */
async function takeImport(db: Database, importId: string): Promise<Taken> {
  return db.transaction(async (tx) => {
    const { rows } = await tx.query<{ state: string }>('select state from imports where id = $1 for update', [
      importId,
    ]);
    if (!rows[0])
      throw new PipelineError('import_unknown', `There is no import ${importId}.`, {
        hint: 'The report of an import names its id.',
      });
    if (RUNNING.includes(rows[0].state)) throw runs(importId);
    const { rows: taken } = await tx.query<Taken & Record<string, unknown>>(
      'update imports set attempt = attempt + 1 where id = $1 returning attempt, kind',
      [importId],
    );
    return taken[0]!;
  });
}

const RUNNING = ['inspecting', 'staging', 'resolving', 'applying'];

/** Locks the import: nobody takes it over before the transaction ends. @throws PipelineError `import_running` if somebody has */
async function stillTaken(tx: Transaction, importId: string, taken: Taken, mode: 'share' | 'update'): Promise<void> {
  const { rowCount } = await tx.query(`select from imports where id = $1 and attempt = $2 for ${mode}`, [
    importId,
    taken.attempt,
  ]);
  if (rowCount === 0) throw runs(importId);
}

function runs(importId: string): PipelineError {
  return new PipelineError('import_running', `Import ${importId} has not ended, or was started again meanwhile.`, {
    hint: 'Wait for it, or cancel it first; then retract it again.',
  });
}

function retract(
  db: Database,
  contactIds: string[],
  write: (tx: Transaction) => Promise<{ rows: Pair[] }>,
  first?: (tx: Transaction) => Promise<void>,
): Promise<number> {
  return db.transaction(
    async (tx) => {
      await first?.(tx);
      await lockContacts(tx, contactIds);
      const { rows: pairs } = await write(tx);
      await settle(tx, pairs);
      return pairs.length;
    },
    { timeoutMs: TIMEOUT_MS },
  );
}
