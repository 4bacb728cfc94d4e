// Nobody vanishes into a quote: what a quote means that is not closed by the rule, and a cell that holds whole records.
import { describe, expect, it } from 'vitest';
import { readRecords } from '../../../pipelines/source/read-records.ts';
import type { Marks } from '../../../pipelines/source/marks.ts';

function read(text: string, marks: Partial<Marks> = {}) {
  const block = { bytes: Buffer.from(text), byteStart: 0, firstLine: 1 };
  return readRecords(block, { delimiter: ',', quote: '"', ...marks }).records;
}
const fieldsOf = (text: string, marks: Partial<Marks> = {}) => read(text, marks).map((record) => record.fields);

describe('a quote that breaks the rule', () => {
  it.each<[string, number | null, string[][]]>([
    [
      'a lone one at the end of a line swallows nobody',
      3,
      [
        ['k1', 'n', '"'],
        ['k2', 'n', 'ok'],
      ],
    ],
    [
      'never closed',
      2,
      [
        ['k1', '"n'],
        ['k2', 'n'],
        ['k3', 'n'],
      ],
    ],
  ])('%s', (name, width, expected) => {
    const text = name === 'never closed' ? 'k1,"n\nk2,n\nk3,n' : 'k1,n,"\nk2,n,"ok"\n';
    expect(fieldsOf(text, { width })).toEqual(expected);
  });

  it('the reading whose width fits is kept', () => {
    // Quotes inside are text.
    expect(fieldsOf('"5" pipe",x\n', { width: 2 })).toEqual([['5" pipe', 'x']]);
    expect(fieldsOf('"He said "no, never" twice",x\n', { width: 2 })).toEqual([['He said "no, never" twice', 'x']]);
    // The opening one is text.
    expect(fieldsOf('"abc"def,"x"\n', { width: 2 })).toEqual([['"abc"def', 'x']]);
    // Quoting ends, and the rest belongs to the field.
    expect(fieldsOf('"a,b"c,d\n', { width: 2 })).toEqual([['"a,b"c', 'd']]);
    // Nothing fits: the line is one line, whatever it holds.
    expect(fieldsOf('"a,b"c,d\nk,v\n', { width: 7 })).toEqual([
      ['"a', 'b"c', 'd'],
      ['k', 'v'],
    ]);
  });

  it('blanks around quotes are no part of the value', () => {
    expect(fieldsOf('k1, "Wang, Ming" , "x"\n', { width: 3 })).toEqual([['k1', 'Wang, Ming', 'x']]);
    expect(fieldsOf('k1,\t"Wang"\n', { width: 2 })).toEqual([['k1', 'Wang']]);
    expect(fieldsOf('k1, say "hi",x\n', { width: 3 })).toEqual([['k1', ' say "hi"', 'x']]);
  });

  it('a doubled quote at the beginning of text is one quote', () => {
    expect(fieldsOf('k1,""Wang"" Ming,x\n', { width: 3 })).toEqual([['k1', '"Wang" Ming', 'x']]);
    expect(fieldsOf('k1,"",x\n', { width: 3 })).toEqual([['k1', '', 'x']]);
    expect(fieldsOf('k1,"""Wang""",x\n', { width: 3 })).toEqual([['k1', '"Wang"', 'x']]);
  });

  it('a backslash before a quote', () => {
    expect(fieldsOf('"say \\"hi\\", you","a\\\\b"\n', { escape: '\\', width: 2 })).toEqual([['say "hi", you', 'a\\b']]);
    expect(fieldsOf('k, "say \\"hi\\""\n', { escape: '\\', width: 2 })).toEqual([['k', 'say "hi"']]);
  });

  it('a row that was written with another delimiter', () => {
    expect(fieldsOf('a,b,c\nk1;n;1\nk2,x;y,2\nk3;n\n', { width: 3 })).toEqual([
      ['a', 'b', 'c'],
      ['k1', 'n', '1'],
      ['k2', 'x;y', '2'],
      ['k3;n'],
    ]);
    // What stands in quotes is one value.
    expect(fieldsOf('"k1;n;1"\n', { width: 3 })).toEqual([['k1;n;1']]);
  });
});

it('looks at each odd record once, however many follow', () => {
  // With the square of it this would not end: 60,000 records that all look for a quote further down.
  expect(read('A1,""Wang"" Ming,Taipei\n'.repeat(60_000), { width: 3 })).toHaveLength(60_000);
});

describe('a cell that holds whole records', () => {
  const swallowing = 'U01,"Ming,a\nU02,Hua,b\nU03,Qiang",c\nU04,Zhu,d\n';
  it('is told from where to where', () => {
    const [first, second] = read(swallowing, { width: 3 });
    expect(first).toMatchObject({ line: 1, swallowedUntil: 3 });
    expect(second).toMatchObject({ line: 4, fields: ['U04', 'Zhu', 'd'] });
    expect(second!.swallowedUntil).toBeUndefined();
    expect(read(swallowing.replaceAll('\n', '\r\n'), { width: 3 })[0]).toMatchObject({ swallowedUntil: 3 });
    expect(read(swallowing.replaceAll('\n', '\r'), { width: 3, loneReturns: true })[0]).toMatchObject({
      swallowedUntil: 3,
    });
    // Two lone quotes, two lines apart: the widths fit, and yet two people would be gone.
    expect(read('A1,x,"\nA2,y,z\nA3,x,"\n', { width: 3 })[0]).toMatchObject({ swallowedUntil: 3 });
  });

  it('also with keys of other lengths, names for keys, a blank line inside', () => {
    for (const text of [
      'A9,"x,y\nA10,z",w\n',
      '王明,"1,台北\n陳小華,2",台中\n',
      'A1,"x,y\n\nA2,z",w\n',
      'a@x.tw,"x,y\nlong.name@x.tw,z",w\n',
    ])
      expect(read(text, { width: 3 })[0]?.swallowedUntil).toBeGreaterThan(1);
  });

  it('a cell of several lines is none', () => {
    for (const text of [
      'A1,"Taipei, Xinyi\nRoad 5, Floor 2"\n',
      'A1,"line one\nline two"\n',
      'A1,"a\n\nb"\n',
      'A1,"Dear\nRoad 5, Floor 2"\n',
    ])
      expect(read(text, { width: 2 }).map(({ swallowedUntil }) => swallowedUntil)).toEqual([undefined]);
  });
});
