// The people of a course, and the files about them.
import { lineId } from '../../import-harness.ts';
import { BEGINNING } from './shared.ts';

export interface Person {
  n: number;
  socialId: string;
  /** Step at which the last erasure of the person was committed. */
  erased: number | null;
}

export interface ContactFile {
  kind: 'contacts';
  name: string;
  text: string;
  /** Who stands in it, as often as in the file. */
  people: Person[];
  /** On everybody in it, and in no other file. */
  tag: string;
}

export interface TagFile {
  kind: 'tags';
  name: string;
  text: string;
  lines: { person: Person; tag: string; at: string }[];
}

export const makePeople = (count: number): Person[] =>
  Array.from({ length: count }, (_, n) => ({ n, socialId: lineId(n), erased: null }));

const DAY = 86_400_000;
const CONTACT_FILES = 3;
const TAG_FILES = 4;

/** Files that overlap in people; no event stands in two of them. Each has a line that is no good, and one that comes twice. */
export function makeFiles(people: Person[], random: () => number): (ContactFile | TagFile)[] {
  const some = () => people.filter(() => random() < 0.6);
  const contacts = Array.from({ length: CONTACT_FILES }, (_, k): ContactFile => {
    const chosen = some();
    const listed = [...chosen, ...chosen.slice(0, 1)];
    const rows = listed.map(
      ({ n, socialId }, line) => `${socialId},n${n}-${line},${n % 3 === 0 ? `"c${k},vip"` : `c${k}`}`,
    );
    return {
      kind: 'contacts',
      name: `contacts-${k}.csv`,
      text: `LINE UID,姓名,標籤\n${rows.join('\n')}\nnobody,x,c${k}\n`,
      people: listed,
      tag: `c${k}`,
    };
  });
  const tags = Array.from({ length: TAG_FILES }, (_, k): TagFile => {
    const lines = some().flatMap((person) => {
      const event = () => ({
        person,
        tag: `t${k}${Math.floor(random() * 2)}`,
        at: new Date(BEGINNING.getTime() - Math.floor(random() ** 2 * 100 * DAY) - 60_000).toISOString(),
      });
      const one = event();
      return random() < 0.3 ? [one, one, event()] : [one];
    });
    const rows = lines.map(({ person, tag, at }) => `${person.socialId},${tag},${at}`);
    return {
      kind: 'tags',
      name: `tags-${k}.csv`,
      text: `LINE UID,tag,time\n${rows.join('\n')}\nnobody,t,2027-01-01\n`,
      lines,
    };
  });
  return [...contacts, ...tags];
}
