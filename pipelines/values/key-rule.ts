// How the cell that says whom a record is about is read, in files of every kind alike: as the contact import stores it.
import { addressIsPhone, type ChannelKind } from '../../contracts/channel-kinds.ts';
import type { MatchKey } from '../../contracts/contact-fields.ts';
import { normaliseEmail } from './email.ts';
import { normaliseMemberId } from './member-id.ts';
import { normalisePhone } from './phone.ts';
import { normaliseSocialId } from './social-id.ts';

type Refusal<Result> = Extract<Result, { ok: false }> extends { reason: infer Reason } ? Reason : never;

export type KeyReason =
  | Refusal<ReturnType<typeof normaliseSocialId>>
  | Refusal<ReturnType<typeof normaliseMemberId>>
  | Refusal<ReturnType<typeof normaliseEmail>>
  | Refusal<ReturnType<typeof normalisePhone>>;

export type ReadKey = { key: string } | { reason: KeyReason };

export interface KeyOptions {
  matchBy: MatchKey;
  channelKind: ChannelKind;
  defaultCountry: string;
  /** Messages go to who is found: where the phone is the address it must be one that can receive them. */
  toSend?: boolean;
}

/** Makes the rule; make it once, call it for every record. Equal cells give equal keys. */
export function keyRule({ matchBy, channelKind, defaultCountry, toSend }: KeyOptions): (cell: string) => ReadKey {
  switch (matchBy) {
    case 'social_id':
      return (cell) => {
        const result = normaliseSocialId(cell, { channelKind, defaultCountry });
        return result.ok ? { key: result.socialId } : { reason: result.reason };
      };
    case 'member_id':
      return (cell) => {
        const result = normaliseMemberId(cell);
        return result.ok ? { key: result.memberId } : { reason: result.reason };
      };
    case 'email':
      return (cell) => {
        const result = normaliseEmail(cell);
        return result.ok ? { key: result.emailKey } : { reason: result.reason };
      };
    case 'phone': {
      const whatsapp = addressIsPhone(channelKind);
      return (cell) => {
        const result = normalisePhone(cell, { defaultCountry, whatsapp });
        if (!result.ok) return { reason: result.reason };
        if (whatsapp && toSend === true && !result.phone.messageable) return { reason: 'phone_not_mobile' };
        return { key: result.phone.e164 };
      };
    }
  }
}
