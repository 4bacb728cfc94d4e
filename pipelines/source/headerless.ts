// Columns of a file without a header row, by the form of their values. Only forms that cannot be anything else are
// recognised.
import { normalisePhone } from '../values/phone.ts';
import { KINDS, type ChannelKind } from '../../contracts/channel-kinds.ts';
import { isEmail } from './find-header.ts';
import type { SourceRecord } from './record.ts';

/** The contact field that most of a column's values (trimmed, not blank) have the form of; null: none that is unmistakable. */
export function formOf(values: string[], options: { channelKind: ChannelKind; defaultCountry: string }): string | null {
  const most = (test: (value: string) => boolean): boolean =>
    values.length > 0 && values.filter(test).length * 10 >= values.length * 8;
  const { addressForm } = KINDS[options.channelKind];
  if (most((value) => /^U[0-9a-f]{32}$/.test(value))) return addressForm === 'line user id' ? 'social_id' : null;
  if (most(isEmail)) return 'email';
  if (addressForm === 'psid' && most((value) => /^[1-9]\d{14,17}$/.test(value))) return 'social_id';
  if (most((value) => normalisePhone(value, options).ok)) return 'phone';
  return null;
}

/**
 * A `map` for columns that have no names (`headers` are `column 1` …), completed with what the values show. The user's
 * own `map` goes first, and two columns of one form are left to the user. Pure.
 */
export function valueMeanings(
  headers: string[],
  data: SourceRecord[],
  options: { channelKind: ChannelKind; defaultCountry: string; map?: Record<string, string> },
): Record<string, string> {
  const map: Record<string, string> = { ...options.map };
  const spoken = new Set(Object.values(map).map((header) => header.trim().toLowerCase()));
  const forms = headers.map((_, index) =>
    formOf(data.map((record) => (record.fields[index] ?? '').trim()).filter(Boolean), options),
  );
  forms.forEach((form, index) => {
    const header = headers[index] ?? '';
    const alone = forms.filter((other) => other === form).length === 1;
    if (form !== null && alone && map[form] === undefined && !spoken.has(header)) map[form] = header;
  });
  return map;
}
