// The shop's own member number as a match key. Text, not a number: leading zeros stay, digits a spreadsheet lost are
// refused.
import { cleanIdentifier, isScientificNotation } from './cell-text.ts';

/**
 * Longest member ID, in UTF-16 units. Lower rejects UUID-with-prefix ids; higher makes index entries too large for a
 * B-tree page.
 */
export const MAX_MEMBER_ID_LENGTH = 255;

// What exports write where there is no member. Taken as an id, all such lines would become one contact.
const PLACEHOLDER = /^(?:-+|null|nil|none|nan|undefined|\\n|n\/a|#n\/a|#ref!|#name\?|#value!|#null!|#num!|#div\/0!)$/i;

/** A whole number that went through a floating-point column. Leading zeros and further decimals were never a number. */
const FLOATED = /^([1-9]\d{0,14})\.0$/;

export type MemberIdResult =
  | { ok: true; memberId: string }
  | {
      ok: false;
      reason:
        | 'member_id_missing'
        | 'member_id_scientific_notation'
        | 'member_id_floating'
        | 'member_id_placeholder'
        | 'member_id_too_long';
    };

/**
 * A member ID ready to compare: NFKC, trimmed, case kept, leading zeros kept, the `.0` of a floating-point column taken off,
 * or refused where not the whole column is one: `1001` and `1001.0` beside each other may be two people. Calling it on its own result changes
 * nothing.
 */
export function normaliseMemberId(raw: string, floats: 'whole' | 'refuse' = 'whole'): MemberIdResult {
  const text = cleanIdentifier(raw);
  if (text === '') return { ok: false, reason: 'member_id_missing' };
  if (isScientificNotation(text)) return { ok: false, reason: 'member_id_scientific_notation' };
  const floated = FLOATED.exec(text);
  if (floated)
    return floats === 'whole' ? { ok: true, memberId: floated[1]! } : { ok: false, reason: 'member_id_floating' };
  if (PLACEHOLDER.test(text)) return { ok: false, reason: 'member_id_placeholder' };
  if (text.length > MAX_MEMBER_ID_LENGTH) return { ok: false, reason: 'member_id_too_long' };
  return { ok: true, memberId: text };
}
