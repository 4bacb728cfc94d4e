// Erasing people: everything about them goes, in one transaction each, but for keyed hashes that keep them from coming back.
import type { Database } from '../../ports/database.ts';
import { PipelineError } from '../../contracts/pipeline-error.ts';
import { addressHash } from '../values/address-hash.ts';
import { checkKey } from '../suppressions/suppression-store.ts';
import { formsOf } from '../values/phone.ts';
import { tagsSql } from '../tags/tags-sql.ts';

/** One contact takes milliseconds. Higher: a frozen process holds up a watermark that long. */
const TIMEOUT_MS = 30_000;

export interface Erased {
  contactId: string;
  channelId: string;
  /** Tag events that went. */
  events: number;
  /** Recipients of broadcasts whose address and parameters were blanked. */
  recipients: number;
  /** Addresses that are suppressed now: of the channel always, phone and e-mail if asked for or unsubscribed. */
  suppressed: number;
}

/**
 * Erases one contact. The social id is suppressed on its channel; phone and e-mail too when the person had unsubscribed, or
 * when `allAddresses` says so. @throws PipelineError `contact_unknown`, `suppression_key_differs`
 */
export async function eraseContact(
  db: Database,
  key: string,
  contactId: string,
  allAddresses: boolean,
): Promise<Erased> {
  await checkKey(db, key);
  return db.transaction(
    async (tx) => {
      type Found = {
        channel_id: string;
        social_id: string;
        phone: string | null;
        email_key: string | null;
        subscribed: boolean;
      };
      const { rows } = await tx.query<Found>(
        'select channel_id, social_id, phone, email_key, subscribed from contacts where id = $1 for update',
        [contactId],
      );
      const contact = rows[0];
      if (!contact)
        throw new PipelineError('contact_unknown', `There is no contact ${contactId}.`, {
          hint: 'Find it with: sluice contacts search.',
        });
      await tx.query(tagsSql.wait_for_plans);
      // A refresh of the lake sees all of this or nothing.
      await tx.query(tagsSql.join_writers);
      const others = allAddresses || !contact.subscribed ? [contact.phone, contact.email_key] : [];
      const addresses = [contact.social_id, ...others].filter((address) => address !== null).flatMap(formsOf);
      const { rowCount: suppressed } = await tx.query(
        `insert into suppressions (address_hash, channel_id, reason, source)
         select distinct hash, $2, 'erased', 'erasure' from unnest($1::bytea[]) as hash on conflict do nothing`,
        [addresses.map((address) => addressHash(key, contact.channel_id, address)), contact.channel_id],
      );
      await tx.query(tagsSql.erase_tags, [contactId]);
      const { rowCount: events } = await tx.query(tagsSql.erase_events, [contactId]);
      const own = [contact.social_id, contact.phone].filter((address) => address !== null);
      const { rowCount: recipients } = await tx.query(tagsSql.erase_state, [contactId, own, contact.channel_id]);
      await tx.query(tagsSql.erase_contact, [contactId]);
      return { contactId, channelId: contact.channel_id, events, recipients, suppressed };
    },
    { timeoutMs: TIMEOUT_MS },
  );
}
