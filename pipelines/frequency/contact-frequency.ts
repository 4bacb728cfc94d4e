// Tag frequency of one contact over any span, straight from the log: always up to date, and the same as the published answer.
import type { Queryable } from '../../ports/database.ts';
import { PipelineError } from '../../contracts/pipeline-error.ts';
import { frequencySql } from './frequency-sql.ts';
import { isoOfUs } from './windows.ts';

export interface ContactTagFrequency {
  contactId: string;
  channelId: string;
  socialId: string;
  tag: string;
  times: number;
  /** ISO, microseconds. */
  firstAt: string;
  lastAt: string;
}

/** By tag. Times in epoch microseconds; from ≤ occurred_at < to. @throws PipelineError `contact_unknown` */
export async function contactFrequency(
  db: Queryable,
  contactId: string,
  span: { fromUs: bigint; toUs: bigint; knownAtUs: bigint },
): Promise<ContactTagFrequency[]> {
  const contact = await db.query<{ channel_id: string; social_id: string }>(
    'select channel_id, social_id from contacts where id = $1',
    [contactId],
  );
  const address = contact.rows[0];
  if (!address)
    throw new PipelineError('contact_unknown', `There is no contact ${contactId}.`, {
      hint: 'Find it with: sluice contacts search.',
    });
  type Row = { tag: string; times: string; first_us: string; last_us: string };
  const values = [contactId, String(span.fromUs), String(span.toUs), String(span.knownAtUs)];
  const { rows } = await db.query<Row>(frequencySql.of_contact, values, 'tag_frequency_of_contact');
  return rows.map(({ tag, times, first_us, last_us }) => ({
    contactId,
    channelId: address.channel_id,
    socialId: address.social_id,
    tag,
    times: Number(times),
    firstAt: isoOfUs(BigInt(first_us)),
    lastAt: isoOfUs(BigInt(last_us)),
  }));
}
