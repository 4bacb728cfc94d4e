// A million blanks in a cell cost a million steps: with any rule that looks again from each of them, these tests never end.
import { describe, expect, it } from 'vitest';
import { normaliseAttribute } from '../../../pipelines/values/attributes.ts';
import { splitTags } from '../../../pipelines/values/tag-list.ts';
import { normaliseText } from '../../../pipelines/values/text.ts';
import { ATTRIBUTE_TYPES, CONTACT_FIELDS, type ColumnTarget } from '../../../contracts/contact-fields.ts';
import { CHANNEL_KINDS } from '../../../contracts/channel-kinds.ts';
import { tagSource } from '../../../contracts/tag-event.ts';
import { mapHeaders } from '../../../pipelines/import/header-mapping.ts';
import { rowNormaliser } from '../../../pipelines/import/normalise-row.ts';
import type { NormalisePlan } from '../../../pipelines/import/staged-row.ts';
import { readTime } from '../../../pipelines/tags/tag-time.ts';

const COUNT = 1_000_000;
const RUNS: [name: string, run: string][] = [
  ['blanks', ' '.repeat(COUNT)],
  ['tabs', '\t'.repeat(COUNT)],
  ['line breaks', '\n'.repeat(COUNT)],
  ['blanks and a break', `${' '.repeat(COUNT)}\r`],
];
/** A value of each kind, broken by the run; nothing reads across it. */
const VALUES = ['2024年3月5', '2024-03-05 12時', '="x'];

const COLUMNS: ColumnTarget[] = [
  ...CONTACT_FIELDS.map((field) => ({ kind: 'field' as const, field })),
  ...ATTRIBUTE_TYPES.map((type) => ({ kind: 'attribute' as const, name: type, type })),
  { kind: 'tags' },
  { kind: 'tag', tag: 'vip' },
];

describe.each(RUNS)('a million %s', (_name, run) => {
  const cells = VALUES.map((value) => `${value}${run}x`);

  it('in any column of contacts', () => {
    let lines = 0;
    for (const channelKind of CHANNEL_KINDS)
      for (const column of COLUMNS) {
        const plan: NormalisePlan = {
          channelKind,
          defaultCountry: 'TW',
          timeZone: 'Asia/Taipei',
          delimiter: ',',
          quote: '"',
          columns: [column],
          matchBy: 'social_id',
          tagSeparator: ',',
          dateFormat: null,
          clearEmpty: false,
        };
        const read = rowNormaliser(plan);
        for (const cell of channelKind === 'line' ? cells : cells.slice(0, 1)) {
          read({ line: 1, byteStart: 0, byteLength: 1, fields: [cell] });
          lines += 1;
        }
      }
    expect(lines).toBeGreaterThan(0);
  }, 120_000);

  it('in a time with a declared format, in a source, in a header, between tags', () => {
    for (const cell of cells) {
      readTime(cell, { timeZone: 'UTC', format: 'yyyy  MM [dd ] HH', latest: '2030-01-01T00:00:00Z' });
      normaliseAttribute(cell, 'date', { timeZone: 'UTC', format: 'yyyy MM  dd' });
      tagSource(cell);
    }
    const options = { map: {}, definitions: [], createAttributes: false, guessType: () => 'text' as const };
    for (const header of [`tag: x${run}y`, `標籤：${run}`, `(${run}`, `姓名${run}`])
      try {
        mapHeaders([header], { channelKind: 'line', ...options });
      } catch (error) {
        expect(error).toMatchObject({ code: 'name_too_long' });
      }
  }, 120_000);
});

it('a million different tags, and a million separators, are counted once each', () => {
  const many = Array.from({ length: COUNT }, (_, n) => n.toString(36)).join(',');
  expect(splitTags(many, ',')).toEqual({ ok: false, reason: 'tags_too_many' });
  expect(splitTags(','.repeat(COUNT), ',')).toEqual({ ok: true, tags: [] });
});

it('blanks around a break are one blank, others stay as written', () => {
  const text = (raw: string) => normaliseText(raw, { maxLength: 100, oneLine: true });
  expect(text('a  \n\t b   c')).toEqual({ ok: true, text: 'a b   c' });
  expect(text('a\u3000\u3000b')).toEqual({ ok: true, text: 'a\u3000\u3000b' });
});
