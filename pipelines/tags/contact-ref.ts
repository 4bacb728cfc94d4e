// How a person names one contact on the command line: its id, or CHANNEL:SOCIAL_ID.
import type { Queryable } from '../../ports/database.ts';
import { PipelineError } from '../../contracts/pipeline-error.ts';

/** The id of the contact. @throws PipelineError `contact_unknown` */
export async function findContact(db: Queryable, text: string): Promise<{ contactId: string; channelId: string }> {
  const at = text.indexOf(':');
  const { rows } = /^[0-9]{1,18}$/.test(text)
    ? await db.query<{ id: string; channel_id: string }>('select id, channel_id from contacts where id = $1', [text])
    : await db.query<{ id: string; channel_id: string }>(
        'select id, channel_id from contacts where channel_id = $1 and social_id = $2',
        [text.slice(0, Math.max(at, 0)), text.slice(at + 1)],
      );
  if (rows[0]) return { contactId: rows[0].id, channelId: rows[0].channel_id };
  // The text may be an address: it is not repeated.
  throw new PipelineError('contact_unknown', 'There is no such contact.', {
    hint: 'Name it by its id (sluice contacts search), or as CHANNEL:SOCIAL_ID.',
  });
}
