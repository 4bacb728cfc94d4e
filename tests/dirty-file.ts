// Generated contact files, dirty on purpose, with the number of records they hold: for property tests.
import fc from 'fast-check';
import { lineId } from './import-harness.ts';

export interface DirtyFile {
  text: string;
  /** Records by construction: header, lines and blank ones, however many physical lines each takes. */
  records: number;
  blank: number;
}

const cell = (text: string) => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);

const name = fc.oneof(
  fc.constantFrom('王小明', '陳, 美玲', '李 "四"', '兩行\n的名字', '', ' 前後空白 ', '😀'),
  fc.string({ maxLength: 12 }).map((text) => text.replaceAll(/[\0\r]/g, '')),
);
const uid = fc.oneof(
  { weight: 8, arbitrary: fc.integer({ min: 0, max: 40 }).map(lineId) },
  { weight: 1, arbitrary: fc.constantFrom('', 'U123', 'c'.repeat(33), '1.23E+10') },
);
const phone = fc.oneof(
  { weight: 4, arbitrary: fc.integer({ min: 0, max: 99_999_999 }).map((n) => `09${String(n).padStart(8, '0')}`) },
  { weight: 2, arbitrary: fc.constant('') },
  { weight: 1, arbitrary: fc.constantFrom('９１２３４５６７８', '9.12346E+8', 'abc', '+85291234567') },
);
const email = fc.constantFrom('', '', 'a@example.com', 'B@Example.COM', 'not an e-mail', 'x@例子.tw');
const tags = fc.constantFrom('', 'VIP', 'VIP,熟客', '新品', 'a|b');
const subscribed = fc.constantFrom('', '是', '否', '?');

const line = fc
  .tuple(uid, name, phone, email, tags, subscribed)
  .map((cells) => ({ blank: false, text: cells.map(cell).join(',') }));
const odd = fc.constantFrom(
  { blank: true, text: '' },
  { blank: true, text: ',,,,,' },
  { blank: true, text: '  ' },
  { blank: false, text: `${lineId(3)},太短` },
  { blank: false, text: `${lineId(4)},太長,,,,,多,了` },
);

/** A file of up to 60 records for a LINE channel, with \n or \r\n, with or without a last line end. */
export const dirtyFile: fc.Arbitrary<DirtyFile> = fc
  .record({
    lines: fc.array(fc.oneof({ weight: 9, arbitrary: line }, { weight: 1, arbitrary: odd }), {
      minLength: 1,
      maxLength: 60,
    }),
    newline: fc.constantFrom('\n', '\r\n'),
    last: fc.boolean(),
  })
  .map(({ lines, newline, last }) => {
    // A blank record at the very end without a line end is no record at all.
    const kept = last ? lines : [...lines, { blank: false, text: `${lineId(1)},尾,,,,` }];
    const text = ['LINE UID,姓名,手機,Email,標籤,訂閱', ...kept.map((record) => record.text)].join(newline);
    return {
      text: last ? text + newline : text,
      records: kept.length + 1,
      blank: kept.filter((record) => record.blank).length,
    };
  });
