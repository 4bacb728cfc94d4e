// What an import made of each column of its file and why, for the person who started it. Read from the stored profile: headers may
// be a line of data where a file has no header, so none of it enters a workflow's history.
import type { Queryable } from '../../ports/database.ts';
import type { ChannelKind } from '../../contracts/channel-kinds.ts';
import { isBinding } from '../values/binding-words.ts';
import type { ColumnReading } from './column-meaning.ts';
import { meaningOf } from '../values/header-words.ts';
import { readImport } from './import-store.ts';

/** The columns of a contact import, in file order; none for one that an earlier version registered. */
export async function importReadings(db: Queryable, importId: string): Promise<ColumnReading[]> {
  const { profile } = await readImport(db, importId);
  return profile.columns ?? [];
}

/** A column that is read as `field`, found by the header's words for an identifier where the user did not map it. */
export function keyReading(header: string, field: string, kind: ChannelKind, mapped: boolean): ColumnReading {
  const found = meaningOf(header, kind);
  if (mapped) return { header, field, confidence: 1, why: 'map' };
  if (found === null) return { header, field, confidence: 1, why: 'form' };
  return { header, field, confidence: found.confidence, why: found.confidence === 1 ? 'word' : 'likely word' };
}

/** A column that nothing of the file needs; says whether its header is known. */
export function unread(header: string, kind: ChannelKind): ColumnReading {
  const known = meaningOf(header, kind) === null ? 'unknown' : 'not needed';
  return { header, field: null, confidence: 0, why: isBinding(header) ? 'binding' : known };
}
