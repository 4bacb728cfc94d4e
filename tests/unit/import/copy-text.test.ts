// COPY text of any values comes back as they were, but for NUL, which Postgres cannot store.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { copyRow, toCopyBlock } from '../../../pipelines/import/copy-row.ts';
import type { StagedRow } from '../../../pipelines/import/staged-row.ts';

const empty: StagedRow = {
  ...{ line: 2, byteStart: 10, byteLength: 20, reason: null, socialId: null, displayName: null, avatarUrl: null },
  ...{ timeZone: null, memberId: null, email: null, emailKey: null, phone: null, phoneRaw: null, subscribed: null },
  ...{ subscribedSince: null, lastInteractionAt: null, attributes: null, tags: null },
};

/** What Postgres makes of a COPY text field. */
function unescape(field: string): string | null {
  if (field === '\\N') return null;
  const marks: Record<string, string> = { n: '\n', r: '\r', t: '\t', '\\': '\\' };
  return field.replace(/\\(.)/gs, (_, mark: string) => marks[mark] ?? mark);
}

test('every text comes back; a row is one line of eighteen fields', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (name) => {
      const text = copyRow({ ...empty, displayName: name, phoneRaw: `0912\0${name}` });
      expect(text.endsWith('\n')).toBe(true);
      const fields = text.slice(0, -1).split('\t');
      expect(fields).toHaveLength(18);
      expect(text.slice(0, -1)).not.toMatch(/[\n\r\0]/);
      expect(unescape(fields[5]!)).toBe(name.replaceAll('\0', ''));
      expect(unescape(fields[12]!)).toBe(`0912${name.replaceAll('\0', '')}`);
    }),
  );
});

test('a block of rows longer than usual fits', () => {
  const rows = Array.from({ length: 50 }, (_, n) => ({ ...empty, line: n + 2, displayName: '名'.repeat(3000) }));
  const block = toCopyBlock({ rows, blank: 1, nextByte: 99, nextLine: 53 });
  expect(new TextDecoder().decode(block.copyText)).toBe(rows.map(copyRow).join(''));
  expect(block).toMatchObject({ rows: 50, blank: 1, firstLine: 2, lastLine: 51, nextByte: 99, nextLine: 53 });
});
