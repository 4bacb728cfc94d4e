// What one look of the doctor answers. Types only.

/** `ok`; `note`: fine, or made when needed; `missing`: something that is needed is not there or does not work. */
export type CheckState = 'ok' | 'note' | 'missing';

export interface Check {
  name: string;
  state: CheckState;
  /** What was found, as a sentence part without secrets. */
  found: string;
  /** The one command that mends it; null when there is nothing to mend. */
  fix: string | null;
}

export const ok = (name: string, found: string): Check => ({ name, state: 'ok', found, fix: null });
export const note = (name: string, found: string, fix: string | null = null): Check => ({
  name,
  state: 'note',
  found,
  fix,
});
export const missing = (name: string, found: string, fix: string): Check => ({ name, state: 'missing', found, fix });
