// How an accepted WhatsApp message ends at the person's phone.

/** What becomes of an accepted message. `lost`: nobody hears of it again. */
export type Arrival =
  { kind: 'reaches' } | { kind: 'blocked' } | { kind: 'held' } | { kind: 'lost' } | { kind: 'fails'; code: number };

export const REACHES: Arrival = { kind: 'reaches' };
