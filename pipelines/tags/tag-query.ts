// Looking at tags: of one contact, and all there are. Reads only.
import type { Queryable } from '../../ports/database.ts';
import { tagsSql } from './tags-sql.ts';

export interface ContactTags {
  contactId: string;
  channelId: string;
  /** On the contact now. `expiresAt` null: for ever. */
  tags: { tag: string; appliedAt: Date; expiresAt: Date | null }[];
  /** The newest events of the log, newest first. */
  events: {
    eventId: string;
    kind: string;
    tag: string;
    occurredAt: Date;
    recordedAt: Date;
    source: string;
    messageId: string | null;
    importId: string | null;
    /** The event that this one retracts. */
    retracts: string | null;
    retracted: boolean;
  }[];
}

export async function tagsOfContact(
  db: Queryable,
  contact: { contactId: string; channelId: string },
  limit: number,
): Promise<ContactTags> {
  const { rows: tags } = await db.query<{ tag: string; applied_at: Date; expires_at: Date | null }>(
    tagsSql.tags_of_contact,
    [contact.contactId],
  );
  const { rows: events } = await db.query<{
    id: string;
    kind: string;
    tag: string;
    occurred_at: Date;
    recorded_at: Date;
    source: string;
    message_id: string | null;
    import_id: string | null;
    retracts: string | null;
    retracted: boolean;
  }>(tagsSql.events_of_contact, [contact.contactId, limit]);
  return {
    ...contact,
    tags: tags.map((row) => ({ tag: row.tag, appliedAt: row.applied_at, expiresAt: row.expires_at })),
    events: events.map((row) => ({
      eventId: row.id,
      kind: row.kind,
      tag: row.tag,
      occurredAt: row.occurred_at,
      recordedAt: row.recorded_at,
      source: row.source,
      messageId: row.message_id,
      importId: row.import_id,
      retracts: row.retracts,
      retracted: row.retracted,
    })),
  };
}

export interface TagSummary {
  channelId: string;
  tag: string;
  /** Contacts that have it now. */
  contacts: number;
  /** Days it stays on; null: for ever. */
  validDays: number | null;
}

/** Every tag that is on a contact or has a validity. */
export async function listTags(db: Queryable, channelId: string | null): Promise<TagSummary[]> {
  const { rows } = await db.query<{ channel_id: string; tag: string; contacts: string; valid_days: number | null }>(
    tagsSql.list_tags,
    [channelId],
  );
  return rows.map((row) => ({
    channelId: row.channel_id,
    tag: row.tag,
    contacts: Number(row.contacts),
    validDays: row.valid_days,
  }));
}
