// The people of a run: who is a contact, and since which step somebody must not be written to.
import { lineId } from '../import-harness.ts';

export interface Person {
  n: number;
  /** The key that stands in lists. */
  key: string;
  socialId: string;
  phone: string | null;
  memberId: string | null;
  /** Known before the run. */
  known: boolean;
  /** Steps at which it was committed; null: not. */
  suppressed: number | null;
  unsubscribed: number | null;
  blocked: number | null;
  erased: number | null;
  /** Put in again by people after an erasure. */
  again: number | null;
}

export type Way = 'social_id' | 'phone' | 'member_id';

export function makePerson(n: number, way: Way, known: boolean): Person {
  const phone = `+88691200${String(n).padStart(4, '0')}`;
  const scoped = `TW.Abc${n}`;
  const base = { n, suppressed: null, unsubscribed: null, blocked: null, erased: null, again: null };
  if (way === 'social_id') return { ...base, key: lineId(n), socialId: lineId(n), phone: null, memberId: null, known };
  if (way === 'phone') {
    // Some who are known hide their number behind a name; we know it all the same.
    const socialId = known && n % 4 === 1 ? scoped : phone;
    return { ...base, key: phone, socialId, phone, memberId: null, known };
  }
  const memberId = `M${n}`;
  const hidden = n % 2 === 1;
  return {
    ...base,
    key: memberId,
    socialId: hidden ? scoped : phone,
    phone: hidden ? null : phone,
    memberId,
    known: true,
  };
}

/** Since when nobody may claim this person; null: people may. */
export function forbiddenSince({ suppressed, unsubscribed, blocked, erased }: Person): number | null {
  const steps = [suppressed, unsubscribed, blocked, erased].filter((step) => step !== null);
  return steps.length === 0 ? null : Math.min(...steps);
}

/** Whether the reason a recipient was suppressed for is true. */
export function explains(code: string | null, { suppressed, unsubscribed, blocked, erased }: Person): boolean {
  switch (code) {
    case 'deleted':
    case 'no_address':
      return erased !== null;
    case 'blocked':
      return blocked !== null;
    case 'unsubscribed':
      return unsubscribed !== null;
    case 'suppression_list':
      return suppressed !== null || erased !== null;
    default:
      return false;
  }
}
