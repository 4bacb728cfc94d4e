// Mutated files of every kind through the reader of records: each record is a line or blank, the ranges cover every byte once,
// cutting into blocks changes nothing, and no file makes it hang. `npm run test:fuzz FILES SEED` runs as many as wanted.
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { isBlankCell } from '../../../pipelines/values/cell-text.ts';
import { detectDialect } from '../../../pipelines/source/dialect.ts';
import { normaliseBlock } from '../../../pipelines/import/normalise-block.ts';
import { readRecordBlocks } from '../../../pipelines/source/record-blocks.ts';
import { marksOf } from '../../../pipelines/source/marks.ts';
import { readRecords } from '../../../pipelines/source/read-records.ts';
import { PipelineError } from '../../../contracts/pipeline-error.ts';
import type { NormalisePlan } from '../../../pipelines/import/staged-row.ts';

const FILES = Number(process.env['FUZZ_FILES'] ?? 3_000);
const SEED = process.env['FUZZ_SEED'] === undefined ? {} : { seed: Number(process.env['FUZZ_SEED']) };

const cell = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom('M1', 'M2', '0912345678', '王小明', '是', '', ' ', '2024-03-05', 'a@x.tw') },
  {
    weight: 3,
    arbitrary: fc.constantFrom('"a, b"', '"two\nlines"', '"say ""hi"""', '"say \\"hi\\""', ' "x" ', "'y'", '5"'),
  },
  {
    weight: 1,
    arbitrary: fc.string({
      unit: fc.constantFrom('"', '\\', ',', ';', '\t', '\r', '\n', ' ', 'x', '王', '\0'),
      maxLength: 8,
    }),
  },
);
const row = fc.tuple(
  fc.constantFrom(',', ',', ',', ';', '\t', '|', ' '),
  fc.array(cell, { minLength: 1, maxLength: 5 }),
);
const table = fc.record({
  head: fc.constantFrom(
    'member_id,name,note',
    'LINE UID,手機',
    '會員編號;姓名;備註',
    'x y z',
    '',
    'report\n\nmember_id\tname',
    '"member_id",\'name\'',
  ),
  rows: fc.array(row, { maxLength: 12 }),
  breaks: fc.constantFrom('\n', '\r\n', '\r', '\n'),
});
/** What goes wrong on the way: a few bytes in, out, doubled or swapped, at any place. */
const slip = fc.record({
  at: fc.double({ min: 0, max: 1, noNaN: true }),
  length: fc.integer({ min: 0, max: 3 }),
  put: fc.constantFrom('', '"', '""', '"\n', ',"', '\n', '\r', '\\', ',', ';', ' ', '\ufeff', 'x'),
});
const file = fc.tuple(table, fc.array(slip, { maxLength: 4 })).map(([{ head, rows, breaks }, slips]) => {
  let text = [head, ...rows.map(([delimiter, cells]) => cells.join(delimiter)), ''].join(breaks);
  for (const { at, length, put } of slips) {
    const from = Math.floor(at * text.length);
    text = text.slice(0, from) + put + text.slice(from + length);
  }
  return text;
});

it(`${FILES} mutated files: records = lines + blank, every byte once, at any block size`, async () => {
  await fc.assert(
    fc.asyncProperty(file, fc.integer({ min: 1, max: 40 }), async (text, blockBytes) => {
      const bytes = Buffer.from(text);
      let dialect;
      try {
        dialect = detectDialect(bytes, true, { channelKind: 'line' });
      } catch (error) {
        // Blank as a whole, or nothing there: said so.
        expect(error).toBeInstanceOf(PipelineError);
        return;
      }
      const marks = marksOf(dialect);
      const whole = readRecords({ bytes, byteStart: 0, firstLine: 1 }, marks).records;
      expect(dialect.records).toEqual(whole);
      const plan: NormalisePlan = {
        ...marks,
        channelKind: 'line',
        defaultCountry: 'TW',
        timeZone: 'Asia/Taipei',
        columns: [
          { kind: 'field', field: 'member_id' },
          ...Array.from({ length: (marks.width ?? 1) - 1 }, () => ({ kind: 'ignored' as const })),
        ],
        matchBy: 'member_id',
        tagSeparator: ',',
        dateFormat: null,
        clearEmpty: false,
      };
      const reader = { read: async (buffer: Uint8Array, position: number) => bytes.copy(buffer, 0, position) };
      let lines = 0;
      let blank = 0;
      let at = 0;
      const starts: number[] = [];
      for await (const block of readRecordBlocks({ reader, fromByte: 0, firstLine: 1, ...marks, blockBytes })) {
        expect(block.byteStart).toBe(at);
        const normalised = normaliseBlock(block, plan);
        lines += normalised.rows.length;
        blank += normalised.blank;
        at = normalised.nextByte;
        starts.push(...normalised.rows.map((staged) => staged.byteStart));
      }
      expect(at).toBe(bytes.length);
      expect(lines + blank).toBe(whole.length);
      const filled = whole.filter((record) => !record.fields.every(isBlankCell));
      expect(starts).toEqual(filled.map((record) => record.byteStart));
    }),
    { numRuns: FILES, ...SEED },
  );
}, 3_600_000);
