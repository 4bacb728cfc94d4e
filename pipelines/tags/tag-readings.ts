// What an import of tag events made of each column of its file and why; as column-readings.ts of contacts.
import type { Queryable } from '../../ports/database.ts';
import { keyReading, unread } from '../import/column-readings.ts';
import type { ColumnReading } from '../import/column-meaning.ts';
import { readTagImport } from './resolve-tags.ts';
import { partPlaces, type Place, type TagProfile } from './tag-plan.ts';
import { eventPartOf } from './tag-words.ts';

/** The columns (of JSON Lines: the keys of the first objects), in file order. */
export async function tagReadings(db: Queryable, importId: string): Promise<ColumnReading[]> {
  const { profile, options } = await readTagImport(db, importId);
  return readingsOf(profile, options.map);
}

/** The same of a profile, and the `map` that the user gave. Pure. */
export function readingsOf({ headers, plan }: Pick<TagProfile, 'headers' | 'plan'>, map: Record<string, string>) {
  return headers.map((header, index): ColumnReading => {
    const stands = (place: Place | null) => place === (plan.format === 'csv' ? index : header);
    if (stands(plan.key)) {
      const mapped = map[plan.matchBy] !== undefined || map['contact'] !== undefined;
      return keyReading(header, plan.matchBy, plan.channelKind, mapped);
    }
    const field = partPlaces(plan).find(([, place]) => stands(place))?.[0];
    if (field === undefined) return unread(header, plan.channelKind);
    if (map[field] !== undefined) return { header, field, confidence: 1, why: 'map' };
    const sure = eventPartOf(header)?.sure === true;
    return { header, field, confidence: sure ? 1 : 0.8, why: sure ? 'word' : 'likely word' };
  });
}
