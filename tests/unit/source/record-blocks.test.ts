// Cutting into blocks must never change what is read: any block size gives the records, lines and bytes of the whole
// file.
import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readRecordBlocks, type BlockSource, type FileReader } from '../../../pipelines/source/record-blocks.ts';
import { readRecords } from '../../../pipelines/source/read-records.ts';
import type { Marks } from '../../../pipelines/source/marks.ts';
import type { SourceRecord } from '../../../pipelines/source/record.ts';

function readerOf(bytes: Uint8Array, step = Number.POSITIVE_INFINITY): FileReader {
  return {
    read: async (buffer, position) => {
      const piece = bytes.subarray(position, position + Math.min(buffer.length, step));
      buffer.set(piece);
      return piece.length;
    },
  };
}

async function readAll(
  bytes: Uint8Array,
  options: Partial<BlockSource>,
): Promise<{ records: SourceRecord[]; ends: number[] }> {
  const records: SourceRecord[] = [];
  const ends: number[] = [];
  const source = { reader: readerOf(bytes), fromByte: 0, firstLine: 1, delimiter: ',', quote: '"', ...options };
  for await (const block of readRecordBlocks(source)) {
    expect(block.byteStart).toBe(ends.at(-1) ?? source.fromByte);
    ends.push(block.byteStart + block.bytes.length);
    records.push(...readRecords(block, source).records);
  }
  return { records, ends };
}

// Text that is nothing but trouble: quotes anywhere, both line breaks, lone \r, several bytes a character.
const messy = fc
  .array(
    fc.constantFrom('"', '"', ',', '\n', '\r\n', '\r', 'a', 'b', '王', '😀', ' ', '\\', '""', '","', '"\n', '\n"'),
    {
      maxLength: 60,
    },
  )
  .map((parts) => parts.join(''));

/** What csv-parse makes of a text in which every quote follows the rule; null where one does not. */
function reference(text: string, { width: _, ...marks }: Marks): string[][] | null {
  try {
    return parse(Buffer.from(text), {
      delimiter: marks.delimiter,
      quote: marks.quote,
      escape: marks.escape ?? marks.quote,
      record_delimiter: marks.loneReturns === true ? ['\r\n', '\n', '\r'] : ['\n', '\r\n'],
      relax_column_count: true,
    });
  } catch {
    return null;
  }
}

const someMarks: fc.Arbitrary<Marks> = fc.record(
  {
    delimiter: fc.constantFrom(',', ' '),
    quote: fc.constantFrom('"', ''),
    escape: fc.constantFrom('"', '\\'),
    loneReturns: fc.boolean(),
    width: fc.constantFrom(null, 1, 2, 3),
  },
  { requiredKeys: ['delimiter', 'quote'] },
);

describe('readRecordBlocks', () => {
  it('gives what csv-parse makes of the whole text, at any block size, where quotes follow the rule', async () => {
    let compared = 0;
    await fc.assert(
      fc.asyncProperty(messy, someMarks, fc.integer({ min: 1, max: 70 }), async (text, given, blockBytes) => {
        // csv-parse takes a lone `\r` at the end of all for text, and knows no blanks before a quote.
        const marks = { ...given, width: null, delimiter: ',' };
        const expected = reference(text, marks);
        if (expected === null || / "|" |"\t/.test(text)) return;
        compared += 1;
        const { records } = await readAll(Buffer.from(text), { ...marks, blockBytes });
        expect(records.map((record) => record.fields)).toEqual(expected);
      }),
      { numRuns: 2000 },
    );
    expect(compared).toBeGreaterThan(500);
  });

  it('any block size gives the records of the whole; each record by its bytes alone is itself; nothing is lost between', async () => {
    await fc.assert(
      fc.asyncProperty(
        messy,
        someMarks,
        fc.integer({ min: 1, max: 70 }),
        fc.integer({ min: 1, max: 9 }),
        async (text, marks, blockBytes, step) => {
          const bytes = Buffer.from(text);
          const whole = await readAll(bytes, marks);
          const { records, ends } = await readAll(bytes, { ...marks, blockBytes, reader: readerOf(bytes, step) });
          expect(records).toEqual(whole.records);
          expect(ends.at(-1) ?? 0).toBe(bytes.length);
          const isBreak = marks.loneReturns ? /^(?:\r\n|\n|\r)$/ : /^\r?\n$/;
          let at = 0;
          let line = 1;
          for (const record of records) {
            expect(record.byteStart).toBe(at);
            expect(record.line).toBe(line);
            const raw = bytes.subarray(at, at + record.byteLength).toString();
            const next = whole.records[records.indexOf(record) + 1]?.byteStart ?? bytes.length;
            const between = bytes.subarray(at + record.byteLength, next).toString();
            if (between !== '' || next < bytes.length) expect(between).toMatch(isBreak);
            line += (raw + between).match(marks.loneReturns ? /\r\n|\n|\r/g : /\n/g)?.length ?? 0;
            at = next;
            if (raw === '') continue;
            const alone = readRecords(
              { bytes: Buffer.from(raw + between), byteStart: record.byteStart, firstLine: record.line },
              marks,
            );
            expect(alone.records).toEqual([record]);
          }
        },
      ),
      { numRuns: 2000 },
    );
  });

  it('goes on from any block as if it had never stopped', async () => {
    const bytes = Buffer.from('h1,h2\r\n"a\nb",1\n王,2\n\n"c""d",3');
    const { records } = await readAll(bytes, {});
    for (const from of records) {
      const rest = await readAll(bytes, { fromByte: from.byteStart, firstLine: from.line, blockBytes: 3 });
      expect(rest.records).toEqual(records.slice(records.indexOf(from)));
    }
  });

  it('a quote that nothing closes is text: what follows is read as if it were none', async () => {
    const bytes = Buffer.from(`a,b\nc,d\n"open,${'x'.repeat(5000)}\n${'e,f\n'.repeat(40)}`);
    for (const maxRecordBytes of [undefined, 6000, 5100]) {
      const limit = maxRecordBytes === undefined ? {} : { maxRecordBytes };
      const { records } = await readAll(bytes, { blockBytes: 16, width: 2, ...limit });
      expect(records).toHaveLength(43);
      expect(records[2]!.fields).toEqual(['"open', 'x'.repeat(5000)]);
    }
  });

  it('names the line of a record that is too long', async () => {
    const bytes = Buffer.from(`a,b\nc,d\nopen,${'x'.repeat(5000)}`);
    await expect(readAll(bytes, { blockBytes: 16, maxRecordBytes: 1000 })).rejects.toMatchObject({
      code: 'record_too_long',
      details: { line: 3 },
    });
  });

  it('stops when told to', async () => {
    const signal = AbortSignal.abort(new Error('stop'));
    await expect(readAll(Buffer.from('a,b\n'), { signal })).rejects.toThrow('stop');
  });
});

describe('readRecords', () => {
  it('gives back what was written as CSV', () => {
    const cell = fc.string({ unit: fc.constantFrom('"', ',', '\n', '\r\n', 'x', '王', '😀', ' ', "'"), maxLength: 8 });
    const table = fc.array(fc.array(cell, { minLength: 2, maxLength: 4 }), { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(table, fc.constantFrom('\n', '\r\n'), fc.boolean(), fc.boolean(), (rows, lineBreak, all, last) => {
        const write = (value: string) => (all || /["\n\r,]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value);
        const text = rows.map((row) => row.map(write).join(',')).join(lineBreak) + (last ? lineBreak : '');
        const read = readRecords(
          { bytes: Buffer.from(text), byteStart: 7, firstLine: 3 },
          { delimiter: ',', quote: '"' },
        );
        expect(read.records.map((record) => record.fields)).toEqual(rows);
        expect(read.nextLine).toBe(3 + text.split('\n').length - 1);
      }),
      { numRuns: 1000 },
    );
  });

  it('reads without quotes when told so', () => {
    const read = readRecords(
      { bytes: Buffer.from('5" disk,a\n"b,c\n'), byteStart: 0, firstLine: 1 },
      { delimiter: ',', quote: '' },
    );
    expect(read.records.map((record) => record.fields)).toEqual([
      ['5" disk', 'a'],
      ['"b', 'c'],
    ]);
  });
});
