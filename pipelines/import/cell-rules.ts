// One rule per contact field: a cell, and where its value goes in the staged row. Plans of whole lines are
// normalise-row.ts.
import { addressIsPhone } from '../../contracts/channel-kinds.ts';
import type { ContactField } from '../../contracts/contact-fields.ts';
import { normaliseBoolean } from '../values/booleans.ts';
import { cleanIdentifier } from '../values/cell-text.ts';
import { normaliseDate } from '../values/dates.ts';
import { normaliseEmail } from '../values/email.ts';
import { normaliseMemberId } from '../values/member-id.ts';
import { normalisePhone } from '../values/phone.ts';
import { normaliseSocialId } from '../values/social-id.ts';
import { MAX_NAME_LENGTH, normaliseText } from '../values/text.ts';
import { canonicalTimeZone } from '../values/time-zone.ts';
import { unguarded } from '../values/csv-cell.ts';
import type { InvalidReason } from '../values/reasons.ts';
import type { NormalisePlan, StagedRow } from './staged-row.ts';

/** Puts the value of one non-blank cell into the row, or says why it cannot. */
export type CellRule = (cell: string, row: StagedRow) => InvalidReason | null;

/**
 * Longest picture address; what browsers and CDNs accept. Longer ones are usually inline images, which do not belong in
 * a row.
 */
const MAX_URL_LENGTH = 2048;

const zones = new Map<string, string | null>();

function timeZoneOf(cell: string): string | null {
  let zone = zones.get(cell);
  if (zone === undefined) {
    zone = canonicalTimeZone(cleanIdentifier(cell));
    // Files have a handful of zones; more than this many are garbage that must not fill memory.
    if (zones.size < 1000) zones.set(cell, zone);
  }
  return zone;
}

function phoneRule(plan: NormalisePlan): CellRule {
  const whatsapp = addressIsPhone(plan.channelKind);
  // Without a column for the WhatsApp number itself, the phone is the address and must be able to receive messages.
  const isAddress = whatsapp && !hasField(plan, 'social_id');
  const options = { defaultCountry: plan.defaultCountry, whatsapp };
  return (cell, row) => {
    const result = normalisePhone(cell, options);
    if (!result.ok) return result.reason;
    if (isAddress) {
      if (!result.phone.messageable) return 'phone_not_mobile';
      row.socialId = result.phone.e164;
    }
    row.phone = result.phone.e164;
    row.phoneRaw = result.phone.raw;
    if (result.phone.others.length > 0) (row.left ??= []).push('phone');
    return null;
  };
}

function socialIdRule(plan: NormalisePlan): CellRule {
  return (cell, row) => {
    const result = normaliseSocialId(cell, plan);
    if (!result.ok) return result.reason;
    row.socialId = result.socialId;
    if (result.phone && row.phone === null) {
      row.phone = result.phone.e164;
      row.phoneRaw = result.phone.raw;
    }
    if (result.phone && result.phone.others.length > 0) (row.left ??= []).push('phone');
    return null;
  };
}

/** How the dates of a column are written. */
export function dateFormatOf(plan: NormalisePlan, column: number): string | null {
  const own = plan.columnForms?.[column]?.dateFormat;
  return own === undefined ? plan.dateFormat : own;
}

function timeRule(plan: NormalisePlan, field: 'subscribed_since' | 'last_interaction_at'): CellRule {
  const index = plan.columns.findIndex((column) => column.kind === 'field' && column.field === field);
  const options = { timeZone: plan.timeZone, format: dateFormatOf(plan, index) };
  const key = field === 'subscribed_since' ? 'subscribedSince' : 'lastInteractionAt';
  return (cell, row) => {
    const result = normaliseDate(cell, options);
    if (result.ok) row[key] = result.iso;
    else return result.reason === 'date_format_undeclared' ? `${field}_format_undeclared` : `${field}_invalid`;
    return null;
  };
}

/** True when a column of the plan fills that field. */
export function hasField(plan: NormalisePlan, field: ContactField): boolean {
  return plan.columns.some((column) => column.kind === 'field' && column.field === field);
}

/** The rule of a contact field under a plan. */
export function fieldRule(plan: NormalisePlan, field: ContactField): CellRule {
  switch (field) {
    case 'social_id':
      return socialIdRule(plan);
    case 'phone':
      return phoneRule(plan);
    case 'subscribed_since':
    case 'last_interaction_at':
      return timeRule(plan, field);
    case 'email':
      return (cell, row) => {
        const result = normaliseEmail(cell);
        if (!result.ok) return result.reason;
        row.email = result.email;
        row.emailKey = result.emailKey;
        if (result.others !== undefined) (row.left ??= []).push('email');
        return null;
      };
    case 'member_id':
      return (cell, row) => {
        const result = normaliseMemberId(cell, plan.floatedIds === true ? 'whole' : 'refuse');
        if (!result.ok) return result.reason;
        row.memberId = result.memberId;
        return null;
      };
    case 'display_name':
      return (cell, row) => {
        const result = normaliseText(unguarded(cell), { maxLength: MAX_NAME_LENGTH, oneLine: true });
        if (result.ok) row.displayName = result.text;
        return !result.ok && result.reason === 'text_too_long' ? 'display_name_too_long' : null;
      };
    case 'avatar_url':
      return (cell, row) => {
        const url = cell.trim();
        if (url.length > MAX_URL_LENGTH || !/^https?:\/\/[^\p{Cc}\s]+$/iu.test(url) || !URL.canParse(url))
          return 'avatar_url_invalid';
        row.avatarUrl = url;
        return null;
      };
    case 'time_zone':
      return (cell, row) => {
        row.timeZone = timeZoneOf(cell);
        return row.timeZone === null ? 'time_zone_invalid' : null;
      };
    case 'subscribed':
      return (cell, row) => {
        const result = normaliseBoolean(cell);
        if (!result.ok) return 'subscribed_invalid';
        row.subscribed = result.value;
        return null;
      };
  }
}

/**
 * Marks a field as "to be cleared" (an empty string). Times and the subscription cannot be cleared, nor can an address.
 */
export function clearRule(plan: NormalisePlan, field: ContactField): ((row: StagedRow) => void) | null {
  switch (field) {
    case 'display_name':
      return (row) => void (row.displayName = '');
    case 'avatar_url':
      return (row) => void (row.avatarUrl = '');
    case 'time_zone':
      return (row) => void (row.timeZone = '');
    case 'member_id':
      return (row) => void (row.memberId = '');
    case 'email':
      return (row) => void (row.email = row.emailKey = '');
    case 'phone':
      return addressIsPhone(plan.channelKind) ? null : (row) => void (row.phone = row.phoneRaw = '');
    case 'social_id':
    case 'subscribed':
    case 'subscribed_since':
    case 'last_interaction_at':
      return null;
  }
}
