// The address of a contact on its channel: LINE user id, Messenger PSID, WhatsApp number (or business-scoped user id).
import { KINDS, type ChannelKind } from '../../contracts/channel-kinds.ts';
import { isBusinessScopedId } from '../../contracts/whatsapp-address.ts';
import { cleanIdentifier, isScientificNotation } from './cell-text.ts';
import { normalisePhone, type Phone } from './phone.ts';

const LINE_USER = /^U[0-9a-f]{32}$/;
const LINE_GROUP_OR_ROOM = /^[CR][0-9a-f]{32}$/;
// Real PSIDs have 15 to 17 digits; shorter ones are seen in test data. Wider takes phone numbers and row numbers for
// PSIDs.
const PSID = /^[1-9][0-9]{5,24}$/;

export type SocialIdResult =
  | { ok: true; socialId: string; phone: Phone | null }
  | {
      ok: false;
      reason:
        | 'social_id_missing'
        | 'social_id_invalid'
        | 'social_id_not_a_user'
        | 'social_id_scientific_notation'
        | 'phone_not_mobile';
    };

/**
 * The id as the provider writes it, or why it is none. WhatsApp gives the E.164 number (and the phone it came from), or
 * a business-scoped id unchanged. LINE ids are case-sensitive and taken exactly. Idempotent.
 */
export function normaliseSocialId(
  raw: string,
  options: { channelKind: ChannelKind; defaultCountry: string },
): SocialIdResult {
  const text = cleanIdentifier(raw);
  if (text === '') return { ok: false, reason: 'social_id_missing' };
  switch (KINDS[options.channelKind].addressForm) {
    case 'line user id':
      if (LINE_USER.test(text)) return { ok: true, socialId: text, phone: null };
      return { ok: false, reason: LINE_GROUP_OR_ROOM.test(text) ? 'social_id_not_a_user' : 'social_id_invalid' };
    case 'psid':
      if (PSID.test(text)) return { ok: true, socialId: text, phone: null };
      // Up to 15 digits a floating-point column keeps them all.
      if (/^[1-9]\d{5,14}\.0$/.test(text)) return { ok: true, socialId: text.slice(0, -2), phone: null };
      return { ok: false, reason: isScientificNotation(text) ? 'social_id_scientific_notation' : 'social_id_invalid' };
    case 'whatsapp number': {
      if (isBusinessScopedId(text)) return { ok: true, socialId: text, phone: null };
      const result = normalisePhone(raw, { defaultCountry: options.defaultCountry, whatsapp: true });
      if (result.ok) {
        if (!result.phone.messageable) return { ok: false, reason: 'phone_not_mobile' };
        return { ok: true, socialId: result.phone.e164, phone: result.phone };
      }
      const lost = result.reason === 'phone_scientific_notation';
      return { ok: false, reason: lost ? 'social_id_scientific_notation' : 'social_id_invalid' };
    }
  }
}
