// Every kind of malformed file that people have, generated from clean tables: `sluice inspect --rows` gives the clean table back, or it
// is stated what was left out.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import iconv from 'iconv-lite';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { rowsWriter } from '../../../cli/inspect-rows.ts';
import { withTable } from '../../../cli/inspect-source.ts';
import type { TableShape } from '../../../pipelines/source/table-shape.ts';

const RUNS = { numRuns: 10 };
let folder = '';
beforeAll(async () => void (folder = await mkdtemp(path.join(os.tmpdir(), 'sluice-malformed-'))));
afterAll(async () => rm(folder, { recursive: true, force: true }));

/** What the command makes of a file: its rows as CSV, and the shape that says what was left out. */
async function rowsOf(content: string | Buffer): Promise<{ csv: string; shape: TableShape }> {
  const file = path.join(folder, 'file.csv');
  await writeFile(file, content);
  const shapes: TableShape[] = [];
  const write = await rowsWriter([file], { out: path.join(folder, 'clean') }, (name, work) =>
    withTable(name, { kind: 'line' }, ({ reader }, shape) => {
      shapes.push(shape);
      return work(reader, shape);
    }),
  );
  await write(file);
  return { csv: await readFile(path.join(folder, 'clean', 'file.csv'), 'utf8'), shape: shapes[0]! };
}

type Table = string[][];
const HEADER = ['會員編號', '姓名', '備註', '城市'];
const quoted = (cell: string, quote = '"') => quote + cell.replaceAll(quote, quote + quote) + quote;
const clean = (rows: Table) =>
  rows.map((row) => `${row.map((cell) => (/[",\n\r]/.test(cell) ? quoted(cell) : cell)).join(',')}\n`).join('');
const joined = (rows: Table, delimiter = ',', end = '\n') => rows.map((row) => row.join(delimiter) + end).join('');

const word = fc.constantFrom('老客戶', '請於下午聯絡', '新會員', 'gift', '無');
const rich = fc.constantFrom('老客戶', 'a, b', 'say "hi", you', '台北市,信義路', '5" pipe', '');
const city = fc.constantFrom('台北', '台中', '高雄', '花蓮');
/** A table of 3 to 8 people with those notes. */
const tables = (note: fc.Arbitrary<string>) =>
  fc
    .array(fc.tuple(fc.constantFrom('王小明', '陳美麗', '林志豪', 'Amy'), note, city), { minLength: 3, maxLength: 8 })
    .map((rows): Table => [HEADER, ...rows.map((row, n) => [`M${100 + n}`, ...row])]);
const row = fc.nat().map((n) => (table: Table) => 1 + (n % (table.length - 1)));

interface Made {
  content: string | Buffer;
  rows: Table;
  /** What must be said beside the rows. */
  says?: object;
}

/** Puts a cell, as it is written and as it is meant, into one row of a table, the others as they are. */
function withCell(table: Table, at: number, written: string, meant: string): Made {
  const put = (cell: string) => table.map((cells, n) => (n === at ? [cells[0]!, cells[1]!, cell, cells[3]!] : cells));
  return { content: joined(put(written)), rows: put(meant) };
}

const UID = (n: number) => `U${String(n).padStart(32, '0')}`;
const KINDS: Record<string, fc.Arbitrary<Made>> = {
  'a quote that is text, in the middle, wrapped, never closed': fc
    .tuple(tables(word), row, fc.constantFrom(['5" pipe', '5" pipe'], ['"5" pipe"', '5" pipe'], ['"Ming', '"Ming']))
    .map(([table, at, [written, meant]]) => withCell(table, at(table), written, meant)),
  'quotes doubled at the beginning of a cell without quotes': fc
    .tuple(tables(word), row)
    .map(([table, at]) => withCell(table, at(table), '""Ming"" Wang', '"Ming" Wang')),
  'blanks before quotes, and behind them': fc.tuple(tables(rich), fc.constantFrom(' ', '  ')).map(([rows, blank]) => ({
    content: rows.map((cells) => `${cells.map((cell) => quoted(cell)).join(`${blank},${blank}`)}\n`).join(''),
    rows,
  })),
  'backslashes before quotes': tables(rich).map((table) => {
    const rows = [...table, ['M999', '王', 'say "hi", you', '台北']];
    const escaped = (cell: string) => `"${cell.replaceAll('"', '\\"')}"`;
    return { content: joined(rows.map((cells) => cells.map(escaped))), rows };
  }),
  'another quote character': fc.tuple(tables(rich), fc.constantFrom("'", '`')).map(([rows, quote]) => ({
    content: joined(rows.map((cells) => cells.map((cell) => quoted(cell, quote)))),
    rows,
  })),
  'blanks as delimiter': tables(word).map((rows) => ({ content: joined(rows, ' '), rows })),
  'another delimiter': fc
    .tuple(tables(word), fc.constantFrom(';', '\t', '|'))
    .map(([rows, delimiter]) => ({ content: joined(rows, delimiter), rows, says: { delimiter } })),
  'a delimiter that Excel declares': fc.tuple(tables(word), fc.constantFrom(';', '|')).map(([rows, delimiter]) => ({
    content: `sep=${delimiter}\r\n${joined(rows, delimiter, '\r\n')}`,
    rows,
    says: { skipped: { blank: 0, preamble: 1, header: 1, footer: 0 } },
  })),
  'several delimiters: some rows by other hands': fc
    .tuple(tables(word), row, fc.constantFrom(';', '\t', '|'))
    .map(([rows, at, other]) => ({
      content: rows.map((cells, n) => `${cells.join(n === at(rows) ? other : ',')}\n`).join(''),
      rows,
    })),
  'several rows of one header': tables(word).map((rows) => ({
    content: `會員,,其他,\n${joined(rows)}`,
    rows: [['會員 會員編號', '會員 姓名', '其他 備註', '其他 城市'], ...rows.slice(1)],
    says: { headerRows: [1, 2], headerGuessed: true },
  })),
  'a second table, or a sum, behind the first': fc
    .tuple(tables(word), fc.constantFrom<[string, number]>(['城市,人數\n台北,3\n台中,2\n', 3], ['合計: 5 人\n', 1]))
    .map(([rows, [footer, count]]) => ({
      content: `${joined(rows)}\n${footer}`,
      rows,
      says: { skipped: { blank: 0, preamble: 0, header: 1, footer: count } },
    })),
  'too few or too many cells: the row stands as it is': fc
    .tuple(tables(word), row, fc.boolean())
    .map(([table, at, more]) => {
      const rows = table.map((cells, n) => (n !== at(table) ? cells : more ? [...cells, 'x', 'y'] : cells.slice(0, 2)));
      return { content: joined(rows), rows };
    }),
  'no byte, or nothing but blanks': fc.constantFrom('', '\uFEFF', '\n\r\n \n', ',,,\n,,,\n').map((content) => ({
    content,
    rows: [],
    says: { headers: [], records: 0 },
  })),
  'CR, LF and CRLF mixed': fc
    .tuple(tables(word), fc.array(fc.constantFrom('\n', '\r\n', '\r'), { minLength: 9, maxLength: 9 }))
    .map(([rows, ends]) => ({ content: rows.map((cells, n) => cells.join(',') + ends[n]!).join(''), rows })),
  'CR in quoted cells of records that end otherwise, and the other way round': fc
    .tuple(tables(word), row, fc.constantFrom(['\n', '\r'], ['\r\n', '\r'], ['\r', '\n'], ['\n', '\r\n']))
    .map(([table, at, [end, inside]]) => {
      const rows = table.map((cells, n) => (n === at(table) ? cells.with(2, `a${inside}b`) : cells));
      return { content: rows.map((cells) => cells.with(2, quoted(cells[2]!)).join(',') + end).join(''), rows };
    }),
  encodings: fc
    .tuple(tables(word), fc.constantFrom('utf-8', 'big5', 'utf-16le', 'utf-16be'))
    .map(([rows, encoding]) => ({
      content: iconv.encode(joined(rows), encoding),
      rows,
    })),
  'an encoding of the mainland': tables(fc.constantFrom('高级会员', '请于下午联系', '谢谢您的支持')).map(
    ([, ...people]) => {
      const rows = [
        ['会员编号', '姓名', '备注', '城市'],
        ...people.map((cells) => cells.with(1, '陈美丽').with(3, '台北')),
      ];
      return { content: iconv.encode(joined(rows), 'gb18030'), rows };
    },
  ),
  'byte order marks': fc
    .tuple(tables(word), fc.constantFrom('utf-8', 'utf-16le', 'utf-16be'))
    .map(([rows, encoding]) => ({ content: iconv.encode(`\uFEFF${joined(rows)}`, encoding), rows })),
  'titles above the header': fc
    .tuple(
      tables(word),
      fc.constantFrom('會員名單\n', '會員名單,,,\n\n', '匯出時間,2024-03-05,,\n', 'Report\n\nby: Amy\n'),
    )
    .map(([rows, title]) => ({
      content: title + joined(rows),
      rows,
      says: { skipped: expect.objectContaining({ header: 1 }) as object },
    })),
  'no header': tables(word).map((table) => {
    const rows = table.slice(1).map((cells, n) => [UID(n), `09123456${n}0`, ...cells.slice(1)]);
    return { content: joined(rows), rows, says: { headerRow: null } };
  }),
  'a delimiter at the end of lines, all of them or those of people': fc
    .tuple(tables(rich), fc.boolean(), fc.constantFrom(',', ',,'))
    .map(([rows, all, extra]) => ({
      content: rows.map((cells, n) => clean([cells]).replace(/\n$/, `${all || n > 0 ? extra : ''}\n`)).join(''),
      rows,
    })),
  'no line break at the end, and many': fc
    .tuple(tables(rich), fc.constantFrom('', '\n\n', '\n,,,\n \n'))
    .map(([rows, end]) => ({ content: clean(rows).trimEnd() + end, rows })),
};

for (const [kind, made] of Object.entries(KINDS))
  it(kind, async () => {
    await fc.assert(
      fc.asyncProperty(made, async ({ content, rows, says = {} }) => {
        const { csv, shape } = await rowsOf(content);
        expect(csv).toBe(clean(rows));
        expect(shape).toMatchObject(says);
      }),
      RUNS,
    );
  });

it('a long run of returns in the last cell', async () => {
  const run = '\r'.repeat(200_000);
  const { csv } = await rowsOf(`會員編號,備註\nM1,a${run}b\r\r\nM2,c\n`);
  expect(csv).toBe(`會員編號,備註\nM1,"a${run}b"\nM2,c\n`);
});

it('a bare carriage return, and a quote that swallows lines, are said and not cleaned', async () => {
  await fc.assert(
    fc.asyncProperty(tables(word), row, fc.boolean(), async (table, at, byQuote) => {
      const line = at(table);
      const rows = byQuote
        ? table.map((cells, n) =>
            n === line ? cells.with(3, `"${cells[3]!}`) : n === line + 1 ? cells.with(3, `${cells[3]!}"`) : cells,
          )
        : [...table, ['M900', '王', 'a\rb', '台北']];
      // The last one's quote swallows nobody: it is text.
      if (byQuote && line === table.length - 1) return;
      const { shape } = await rowsOf(joined(rows));
      const said = shape.data.filter(({ bareReturn, swallowedUntil }) => bareReturn ?? swallowedUntil !== undefined);
      expect(said.map((record) => record.line)).toEqual([byQuote ? line + 1 : rows.length]);
    }),
    RUNS,
  );
});
