// Contacts as CSV, under the headers that the import reads back.
import { guardedCell } from '../values/csv-cell.ts';
import type { ContactView } from './contact-query.ts';
import { joinTags } from '../values/tag-list.ts';

const COLUMNS: [header: string, value: (contact: ContactView) => string | null][] = [
  ['contact_id', (c) => c.contactId],
  ['channel', (c) => c.channelId],
  ['social_id', (c) => c.socialId],
  ['display_name', (c) => c.displayName],
  ['member_id', (c) => c.memberId],
  ['email', (c) => c.email],
  ['phone', (c) => c.phone],
  ['subscribed', (c) => String(c.subscribed)],
  ['subscribed_since', (c) => c.subscribedSince],
  ['last_interaction_at', (c) => c.lastInteractionAt],
  ['avatar_url', (c) => c.avatarUrl],
  ['time_zone', (c) => c.timeZone],
  ['tags', (c) => joinTags(c.tags)],
  ['attributes', (c) => JSON.stringify(c.attributes)],
];

export function contactCsvHeader(): string {
  return `${COLUMNS.map(([header]) => header).join(',')}\r\n`;
}

export function contactCsvRow(contact: ContactView): string {
  return `${COLUMNS.map(([, value]) => guardedCell(value(contact), ',')).join(',')}\r\n`;
}
