// How long a tag stays on after it was put on. Changing it moves the end of the tags that are on now.
import type { Database } from '../../ports/database.ts';
import { tagsSql } from './tags-sql.ts';

/** Contacts in one transaction. Too low: commits dominate; too high: other writers of their tags wait. */
const SLICE_CONTACTS = 5_000;

/**
 * Sets the validity (null: for ever), and moves the end of the tags that are on. Gives how many contacts have the tag.
 * Calling it again does the same. A tag whose new end has passed goes with the next expiry.
 */
export async function setValidity(
  db: Database,
  channelId: string,
  tag: string,
  days: number | null,
): Promise<{ contacts: number }> {
  await db.query(tagsSql.define_validity, [channelId, tag, days]);
  // They may have put the tag on by the validity before; their contacts must be seen below.
  await db.query(tagsSql.wait_for_writers);
  let contacts = 0;
  for (let after = '0'; ;) {
    const { rows } = await db.query<{ id: string }>(tagsSql.tagged_contacts, [channelId, tag, after, SLICE_CONTACTS]);
    if (rows.length === 0) return { contacts };
    const ids = rows.map(({ id }) => id);
    contacts += await db.transaction(async (tx) => {
      await tx.query(tagsSql.lock_contacts, [ids]);
      return (await tx.query(tagsSql.set_expiry, [channelId, tag, ids])).rowCount;
    });
    after = ids.at(-1)!;
  }
}
