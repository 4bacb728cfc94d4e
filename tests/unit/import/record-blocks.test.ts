// Cutting into blocks must never change what is read: any block size gives the records, lines and bytes of the whole
// file.
import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readRecordBlocks, type BlockSource, type FileReader } from '../../../pipelines/import/record-blocks.ts';
import { readRecords } from '../../../pipelines/import/read-records.ts';
import type { SourceRecord } from '../../../pipelines/import/staged-row.ts';

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
  .array(fc.constantFrom('"', '"', ',', '\n', '\r\n', '\r', 'a', 'b', '王', '😀', ' ', '""', '","', '"\n', '\n"'), {
    maxLength: 60,
  })
  .map((parts) => parts.join(''));

function reference(text: string): string[][] | null {
  try {
    return parse(Buffer.from(text), {
      delimiter: ',',
      quote: '"',
      escape: '"',
      record_delimiter: ['\n', '\r\n'],
      relax_column_count: true,
      relax_quotes: true,
    });
  } catch {
    return null; // An unclosed quote.
  }
}

describe('readRecordBlocks', () => {
  it('gives what csv-parse makes of the whole text, at any block size', async () => {
    await fc.assert(
      fc.asyncProperty(
        messy,
        fc.integer({ min: 1, max: 70 }),
        fc.integer({ min: 1, max: 9 }),
        async (text, blockBytes, step) => {
          const bytes = Buffer.from(text);
          const expected = reference(text);
          const read = readAll(bytes, { blockBytes, reader: readerOf(bytes, step) });
          if (expected === null) {
            await expect(read).rejects.toMatchObject({ code: 'quote_not_closed' });
            return;
          }
          const { records, ends } = await read;
          expect(records.map((record) => record.fields)).toEqual(expected);
          expect(ends.at(-1) ?? 0).toBe(bytes.length);
          for (const record of records) {
            // The bytes alone, read again, are the record; the line is the number of line breaks before it.
            const raw = bytes.subarray(record.byteStart, record.byteStart + record.byteLength).toString();
            expect(raw === '' ? [['']] : reference(raw)).toEqual([record.fields]);
            expect(record.line).toBe(1 + bytes.subarray(0, record.byteStart).toString().split('\n').length - 1);
          }
        },
      ),
      { numRuns: 3000 },
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

  it('names the line of a record that never ends', async () => {
    const bytes = Buffer.from(`a,b\nc,d\n"open,${'x'.repeat(5000)}`);
    await expect(readAll(bytes, { blockBytes: 16 })).rejects.toMatchObject({
      code: 'quote_not_closed',
      details: { line: 3 },
    });
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
