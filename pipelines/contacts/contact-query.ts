// Finding contacts: by part of the name, any identifier, channel, tag. Keyset pages, so that a million rows can be walked.
import { formsOf } from '../values/phone.ts';
import { sql, type SelectQueryBuilder } from 'kysely';
import type { Database } from '../../ports/database.ts';
import type { DB } from '../../sql/types.generated.ts';
import { PipelineError } from '../../contracts/pipeline-error.ts';

export interface ContactFilter {
  channel?: string;
  /** Part of the display name, any case. */
  name?: string;
  socialId?: string;
  memberId?: string;
  /** As compared: lower case, see email.ts. */
  emailKey?: string;
  /** E.164. */
  /** In E.164; found in each form in which it may be stored. */
  phone?: string;
  tag?: string;
}

/** One contact as the command line gives it; times in ISO 8601. */
export interface ContactView {
  contactId: string;
  channelId: string;
  socialId: string;
  displayName: string | null;
  memberId: string | null;
  email: string | null;
  phone: string | null;
  /** The account as WhatsApp spells it, in digits, where that is not the number it was sent to. */
  whatsappId: string | null;
  subscribed: boolean;
  subscribedSince: string;
  lastInteractionAt: string | null;
  avatarUrl: string | null;
  timeZone: string | null;
  attributes: Record<string, unknown>;
  tags: string[];
  source: string;
  createdAt: string;
  updatedAt: string;
}

export interface ContactPage {
  contacts: ContactView[];
  /** Where the next page begins; null on the last one. */
  next: string | null;
}

/** A page of contacts after `after`, in the order of their ids. */
export async function searchContacts(
  db: Database,
  filter: ContactFilter,
  limit: number,
  after: string | null = null,
): Promise<ContactPage> {
  const rows = await filtered(db, filter)
    .selectAll('contacts')
    .select((eb) =>
      eb
        .selectFrom('contact_tags')
        .whereRef('contact_tags.contact_id', '=', 'contacts.id')
        .select(sql<string[]>`coalesce(array_agg(contact_tags.tag order by contact_tags.tag), '{}')`.as('tags'))
        .as('tags'),
    )
    .$if(after !== null, (query) => query.where('contacts.id', '>', after!))
    .orderBy('contacts.id')
    .limit(limit + 1)
    .execute();
  const page = rows.slice(0, limit);
  return {
    contacts: page.map((row) => ({
      contactId: row.id,
      channelId: row.channel_id,
      socialId: row.social_id,
      displayName: row.display_name,
      memberId: row.member_id,
      email: row.email,
      phone: row.phone,
      whatsappId: row.whatsapp_id,
      subscribed: row.subscribed,
      subscribedSince: row.subscribed_since.toISOString(),
      lastInteractionAt: row.last_interaction_at?.toISOString() ?? null,
      avatarUrl: row.avatar_url,
      timeZone: row.time_zone,
      attributes: row.attributes as Record<string, unknown>,
      tags: row.tags ?? [],
      source: row.source,
      createdAt: row.created_at.toISOString(),
      updatedAt: row.updated_at.toISOString(),
    })),
    next: rows.length > limit ? page.at(-1)!.id : null,
  };
}

/** The contact of that id. @throws PipelineError `contact_unknown` */
export async function readContact(db: Database, contactId: string): Promise<ContactView> {
  const { contacts } = await searchContacts(db, {}, 1, String(BigInt(contactId) - 1n));
  if (contacts[0]?.contactId !== contactId)
    throw new PipelineError('contact_unknown', `There is no contact ${contactId}.`, {
      hint: 'Find it with: sluice contacts search.',
    });
  return contacts[0];
}

function filtered(db: Database, filter: ContactFilter): SelectQueryBuilder<DB, 'contacts', object> {
  let query: SelectQueryBuilder<DB, 'contacts', object> = db.kysely.selectFrom('contacts');
  if (filter.channel !== undefined) query = query.where('contacts.channel_id', '=', filter.channel);
  // Every index leads with the channel; naming all of them lets an identifier be found without a scan.
  else if (filter.socialId ?? filter.memberId ?? filter.emailKey ?? filter.phone)
    query = query.where('contacts.channel_id', 'in', (eb) => eb.selectFrom('channels').select('channels.id'));
  if (filter.socialId !== undefined) query = query.where('contacts.social_id', '=', filter.socialId);
  if (filter.memberId !== undefined) query = query.where('contacts.member_id', '=', filter.memberId);
  if (filter.emailKey !== undefined) query = query.where('contacts.email_key', '=', filter.emailKey);
  if (filter.phone !== undefined) query = query.where('contacts.phone', 'in', formsOf(filter.phone));
  if (filter.name !== undefined)
    query = query.where('contacts.display_name', 'ilike', `%${filter.name.replace(/[\\%_]/g, '\\$&')}%`);
  if (filter.tag !== undefined) {
    const { tag } = filter;
    query = query.where('contacts.id', 'in', (eb) =>
      eb.selectFrom('contact_tags').select('contact_tags.contact_id').where('contact_tags.tag', '=', tag),
    );
  }
  return query;
}

/** Contacts fetched at a time when all are walked. Too low: round trips dominate; too high: memory. */
const WALK_PAGE = 2_000;

/** All contacts of a filter, page by page, in the order of their ids. */
export async function* walkContacts(db: Database, filter: ContactFilter): AsyncGenerator<ContactView> {
  let after: string | null = null;
  do {
    const page: ContactPage = await searchContacts(db, filter, WALK_PAGE, after);
    yield* page.contacts;
    after = page.next;
  } while (after !== null);
}
