// What a plan made of each column of its list and why; as column-readings.ts of the import.
import { keyReading, unread } from '../import/column-readings.ts';
import type { ColumnReading } from '../import/column-meaning.ts';
import type { ListProfile } from './list-plan.ts';

export interface ListReading extends ColumnReading {
  /** Places of the message that the column fills. */
  places: string[];
}

/** `places`: those of the message, in the order of the plan's sources; `map`: what the user gave. Pure. */
export function listReadings(
  { headers, plan }: Pick<ListProfile, 'headers' | 'plan'>,
  places: string[],
  map: Record<string, string>,
): ListReading[] {
  return headers.map((header, index) => {
    const filled = places.filter((_, at) => {
      const source = plan.sources[at];
      return source !== undefined && 'column' in source && source.column === index;
    });
    if (index === plan.keyColumn)
      return {
        ...keyReading(header, plan.matchBy, plan.channelKind, map[plan.matchBy] !== undefined),
        places: filled,
      };
    if (filled.length === 0) return { ...unread(header, plan.channelKind), places: [] };
    const why = filled.some((place) => map[place] !== undefined) ? ('map' as const) : ('place' as const);
    return { header, field: null, confidence: 1, why, places: filled };
  });
}
