// What a person should know of how a file is read before it acts: consent that is left out, an address that was not found, tags in one.
import { KINDS } from '../../contracts/channel-kinds.ts';
import { normaliseBoolean } from '../values/booleans.ts';
import type { MappedColumn } from './column-meaning.ts';
import { consentOf, looksLikeConsent } from '../values/consent-words.ts';
import { formOf } from '../source/headerless.ts';
import type { NormalisePlan } from './staged-row.ts';
import { mapOption } from '../values/map-option.ts';

const WAYS = {
  any: '',
  email: ' to e-mail',
  sms: ' to SMS',
  line: ' to LINE',
  whatsapp: ' to WhatsApp',
  messenger: ' to Messenger',
};
const KEYS = { social_id: 'address', member_id: 'member ID', email: 'e-mail', phone: 'phone' };

/**
 * Sentences for people; names headers, no cell. `samples`: the non-blank cells of a column among the first records. `said`: targets that the
 * user mapped, whose columns need no word. Pure.
 */
export function fileWarnings(
  columns: MappedColumn[],
  plan: NormalisePlan,
  samples: (column: number) => string[],
  said: { map: Record<string, string>; matchBy: string | null },
): string[] {
  return [
    ...consentLeftOut(columns, samples, said.map),
    ...keyInstead(columns, plan, samples, said.matchBy),
    ...bindingsLeft(columns),
    ...tagsInOne(columns, plan, samples),
  ];
}

/** Yes-or-no columns that look like consent and are not what the subscription is read from. */
function consentLeftOut(
  columns: MappedColumn[],
  samples: (column: number) => string[],
  map: Record<string, string>,
): string[] {
  const spoken = new Set(
    Object.entries(map).flatMap(([target, header]) => [header.trim(), target.replace(/^ignore:/, '')]),
  );
  return columns.flatMap(({ header, target }, index) => {
    const used = target.kind !== 'ignored' && target.kind !== 'attribute';
    if (used || spoken.has(header.trim()) || !looksLikeConsent(header)) return [];
    const values = samples(index);
    if (values.length === 0 || !values.every((value) => normaliseBoolean(value).ok)) return [];
    const name = header.trim();
    const way = WAYS[consentOf(header) ?? 'any'];
    return [
      `The column “${name}” looks like a consent${way} and does not decide who is subscribed: whoever says no there may come in subscribed. If it should, map it: ${mapOption('subscribed', name)}; if not, ${mapOption(`ignore:${name}`, name)}.`,
    ];
  });
}

/** What parts tags in exports of others. */
const OTHER_SEPARATORS = [':::', ';', '；', '|', '｜', '/'];

/** A cell that looks like several tags and will be one. */
function tagsInOne(columns: MappedColumn[], plan: NormalisePlan, samples: (column: number) => string[]): string[] {
  return columns.flatMap(({ header, target }, index) => {
    if (target.kind !== 'tags') return [];
    const values = samples(index);
    // A file in which the expected separator parts something means what it says.
    if (values.some((value) => /[,，、\n]/.test(value)) || plan.tagSeparator !== ',') return [];
    const mark = OTHER_SEPARATORS.find((one) => values.some((value) => value.includes(one)));
    if (mark === undefined) return [];
    return [
      `Cells of the column “${header.trim()}” hold “${mark}” and no comma: each is taken for one tag. If they are several, give --tag-separator '${mark}'.`,
    ];
  });
}

/** Bindings are read by name, and have no place yet. */
function bindingsLeft(columns: MappedColumn[]): string[] {
  const names = columns.filter(({ why }) => why === 'binding').map(({ header }) => `“${header.trim()}”`);
  if (names.length === 0) return [];
  const [what, they] = names.length === 1 ? ['column', ['is', 'It is']] : ['columns', ['are', 'They are']];
  return [
    `The ${what} ${names.join(', ')} ${they[0]} known and not stored yet: bindings are kept by a later version. ${they[1]} left out.`,
  ];
}

/** The lines are matched by something else, since no column was read as the address: nobody new can be made. */
function keyInstead(
  columns: MappedColumn[],
  plan: NormalisePlan,
  samples: (column: number) => string[],
  asked: string | null,
): string[] {
  if (plan.matchBy === 'social_id' || asked !== null) return [];
  const { channelKind, defaultCountry } = plan;
  const { addressField: address, addressWord } = KINDS[channelKind];
  const unread = columns.findIndex(({ target }, index) => {
    const values = target.kind === 'ignored' || target.kind === 'attribute' ? samples(index) : [];
    return (
      formOf(
        values.map((value) => value.trim()),
        { channelKind, defaultCountry },
      ) === address
    );
  });
  if (unread === -1 && address !== 'phone') return [];
  const hint =
    unread === -1
      ? `Name its column: --map ${address}=COLUMN.`
      : `Column ${unread + 1} looks like it: ${mapOption(address, columns[unread]!.header.trim())}.`;
  return [
    `No column was read as the ${addressWord}, so lines are matched by ${KEYS[plan.matchBy]}: they change contacts that are there and make none. ${hint}`,
  ];
}
