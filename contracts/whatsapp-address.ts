// The two kinds of WhatsApp address: a number, or the business-scoped id of a person who shows none.

// Country code, a dot, `ENT.` for the id that several businesses of one owner share, then letters and digits.
const BUSINESS_SCOPED = /^[A-Z]{2}\.(?:ENT\.)?[A-Za-z0-9]{1,128}$/;

/** True for `TW.134912…` and `TW.ENT.118157…`; such an id may not be sent where a number belongs, nor the other way round. */
export function isBusinessScopedId(address: string): boolean {
  return BUSINESS_SCOPED.test(address);
}
