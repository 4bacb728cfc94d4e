// Files as people have them: where the header stands, where the data end, how quotes and line breaks are written.
import { describe, expect, it } from 'vitest';
import { inspect } from '../import/inspect-text.ts';

const UID = `U${'0123456789abcdef'.repeat(2)}`;

describe('the header', () => {
  const rows = (count: number, row: (n: number) => string) => Array.from({ length: count }, (_, n) => row(n)).join('');

  it('a header word in a data row makes it no header', async () => {
    const answers = '會員編號,喜歡的通知,備用,店\nB01,簡訊,無,台中\nB02,手機,Email,台北\nB03,簡訊,簡訊,台南\n';
    expect((await inspect(answers)).profile).toMatchObject({
      headerRow: 1,
      headerGuessed: false,
      records: 3,
      skipped: { preamble: 0 },
    });
    const byName = { map: { member_id: '姓名' } };
    // Also where no cell of a column has a form, and where the words come again.
    expect((await inspect('姓名,喜好,備註\n王,手機,Email\n李,書,x\n', byName)).profile).toMatchObject({
      headerRow: 1,
      records: 2,
    });
    expect((await inspect('姓名,通知\n王,Email\n李,電話\n陳,Email\n', byName)).profile).toMatchObject({
      headerRow: 1,
      records: 3,
    });
    expect((await inspect('會員編號\nC1\nC2;C3\nC4\n')).profile).toMatchObject({ headerRow: 1, records: 3 });
  });

  it('dates, years and numbers as names of columns', async () => {
    const events = `LINE UID,姓名,2025-03-01,20250402\n${rows(12, (n) => `${UID.slice(0, -2)}${10 + n},客${n},${n % 2},1\n`)}`;
    expect((await inspect(events)).profile).toMatchObject({ headerRow: 1, headerGuessed: false, records: 12 });
    // The years look like the sums below them: two sure words outweigh that, and it is said to be a guess.
    const years = `會員編號,姓名,2023,2024\n${rows(12, (n) => `M${n},客,${1000 + n},${2000 + n}\n`)}`;
    expect((await inspect(years)).profile).toMatchObject({ headerRow: 1, headerGuessed: true, records: 12 });
    expect((await inspect('LINE UID,20250402,姓名\n')).profile).toMatchObject({ headerRow: 1, records: 0 });
  });

  it('titles and groups above the names are no header', async () => {
    const grouped = `會員,基本資料,聯絡\n會員編號,姓名,手機,Email\n${rows(3, (n) => `M${n},客,091234567${n},a${n}@x.tw\n`)}`;
    expect((await inspect(grouped)).profile).toMatchObject({ headerRow: 2, records: 3, skipped: { preamble: 1 } });
  });

  it('without a known word it is a guess, and says so', async () => {
    expect((await inspect('甲,乙\nx,1\ny,2\n', { map: { member_id: '甲' } })).profile).toMatchObject({
      headerRow: 1,
      headerGuessed: true,
    });
  });
});

describe('what stands behind the data', () => {
  it('a second table or a remark behind a blank line is footer, and told', async () => {
    const table = 'member_id,name,x\nM1,a,1\n\nM2,b,2\n';
    const { profile } = await inspect(`${table}\n\ncity,people\nTaipei,2\nTainan,1\n`);
    expect(profile).toMatchObject({
      records: 2,
      recordsExact: true,
      dataEnd: table.length + 2,
      skipped: { footer: 3 },
    });
    expect((await inspect(`${table}\nTotal: 2 members\n`)).profile).toMatchObject({
      records: 2,
      skipped: { footer: 1 },
    });
  });

  it('nobody of the table is: a record of its width behind a blank line keeps all before it', async () => {
    for (const text of [
      'member_id,name,x\nM1,a,1\n\nM2,b\nM3,c,3\n',
      'member_id,name,x\nM1,a,1\nM2,b\n',
      'member_id\nM1\n\nM2\n',
    ])
      expect((await inspect(text)).profile).toMatchObject({ dataEnd: null, skipped: { footer: 0 } });
  });
});

describe('line breaks and quotes', () => {
  it('records that end with \\r, with \\n in a cell, and the other way round', async () => {
    const mac = 'member_id,name,note\rM1,a,"one\ntwo"\rM2,b,x\rM3,c,y\r';
    const { profile, sample } = await inspect(mac);
    expect(profile).toMatchObject({
      records: 3,
      loneReturns: true,
      plan: { loneReturns: true },
      dataLine: 2,
      dataByte: 20,
    });
    expect(sample).toEqual([
      ['M1', 'a', 'one\ntwo'],
      ['M2', 'b', 'x'],
      ['M3', 'c', 'y'],
    ]);
    const other = await inspect('member_id,"note\r(x)"\nM1,a\nM2,"b\rc"\n');
    expect(other.profile.loneReturns).toBeUndefined();
    expect(other.sample).toEqual([
      ['M1', 'a'],
      ['M2', 'b\rc'],
    ]);
    // Mixed, all three.
    expect((await inspect('member_id,name\r\nM1,a\rM2,b\nM3,"c\rd"\r')).profile).toMatchObject({
      records: 3,
      loneReturns: true,
    });
    // A stray one in a cell ends nothing.
    expect((await inspect('member_id,name,x\nM1,a\rb,c\nM2,d,e\n')).profile).toMatchObject({ records: 2 });
  });

  it('the quote is counted, not assumed', async () => {
    expect((await inspect('`member_id`,`name`\n`M1`,`a,b`\n')).profile).toMatchObject({ quote: '`', width: 2 });
    expect((await inspect(`'member_id','note'\n'M1','5" disk'\n'M2','6" disk'\n`)).profile.quote).toBe("'");
  });

  it('a backslash before quotes, where that makes them follow the rule', async () => {
    const { profile, sample } = await inspect('member_id,note\nM1,"say \\"hi\\", you"\nM2,"b"\n');
    expect(profile).toMatchObject({ escape: '\\', plan: { escape: '\\' } });
    expect(sample[0]).toEqual(['M1', 'say "hi", you']);
    expect((await inspect('member_id,note\nM1,"C:\\"\nM2,"D:\\"\n')).profile.escape).toBeUndefined();
  });

  it('blanks as delimiter, where nothing else parts the fields', async () => {
    expect((await inspect('member_id name level\nM1 a 1\nM2 b 2\n')).profile).toMatchObject({
      delimiter: ' ',
      records: 2,
    });
    expect((await inspect('name\nWang Xiao Ming\nLi Hua\n', { map: { member_id: 'name' } })).profile.headers).toEqual([
      'name',
    ]);
  });

  it('a quote too many does not change where the table ends', async () => {
    const text = `member_id,name,note\nM1,a,"\nM2,b,"ok"\n${'M3,c,"ok"\n'.repeat(9)}`;
    expect((await inspect(text)).profile).toMatchObject({ records: 11, width: 3 });
  });
});

describe('what a second reading found', () => {
  it('rows that are cut or too long behind a blank line are lines, not footer', async () => {
    const cut = `member_id,name,x\nM1,a,1\n\n${'M2,b\n'.repeat(9)}`;
    expect((await inspect(cut)).profile).toMatchObject({ records: 10, skipped: { footer: 0 } });
    expect((await inspect('member_id,name,x\nM1,a,1\n\nM2,b,c,d\n')).profile).toMatchObject({
      records: 2,
      skipped: { footer: 0 },
    });
    const remark = 'member_id,name,x\nM1,a,1\n\nsum,1\n';
    expect((await inspect(remark)).profile.skipped.footer).toBe(1);
    expect((await inspect(remark, { shortRows: 'pad' })).profile.skipped.footer).toBe(0);
    const headless = '0912345678,王,\n0912345679,李,VIP\n\n0912345670,陳,VIP\n';
    expect((await inspect(headless)).profile).toMatchObject({ width: 3, records: 3, skipped: { footer: 0 } });
  });

  it('one known word in a row of data makes it no header', async () => {
    const text = '客編,稱謂人,裝置\nK12a,王,Desktop\nZ9,李,Mobile\nQ-77,陳,Desktop\n';
    expect((await inspect(text, { map: { member_id: '#1', ignored: '#3' } })).profile).toMatchObject({
      headerRow: 1,
      headerGuessed: true,
      records: 3,
    });
  });

  it('a header that looks like the codes below it is one where a sure word stands above what it names', async () => {
    const list = `line_uid,code1\n${UID},gift7\n${UID.replace('0', '1')},wine3\n`;
    expect((await inspect(list)).profile).toMatchObject({ headerRow: 1, records: 2 });
    expect((await inspect('email,q1\na@x.com,a3\nb@x.com,b2\n')).profile).toMatchObject({ headerRow: 1, records: 2 });
  });

  it('numbers with blanks in them are no columns', async () => {
    expect(
      (await inspect('+886 912 345 678\n+886 922 333 444\n+886 933 444 555\n', { channelKind: 'whatsapp' })).profile,
    ).toMatchObject({
      delimiter: ',',
      columns: [{ field: 'phone' }],
    });
  });

  it('a lone return is seen behind hundreds of records, a doubled one is none', async () => {
    const text = `member_id,name\n${'B1,b\n'.repeat(400)}A1,a\rA2,b\n`;
    expect((await inspect(text)).profile).toMatchObject({ loneReturns: true, records: 402 });
    expect((await inspect('member_id,name\r\r\nA1,a\r\r\n')).profile.loneReturns).toBeUndefined();
  });

  it('a quote that nothing closes does not hide what stands behind it', async () => {
    const text = `UID,訂閱時間\nx,"5 inch\n${'y,05/06/2024\n'.repeat(30_000)}`;
    const shape = await inspect(text.replace('05/06', '13/06'));
    expect(shape.profile.records).toBeGreaterThan(20_000);
    expect(shape.profile.plan.dateFormat).toMatch(/^dd/);
  });

  it('ids with .0 are whole where all of them have it, and refused where not', async () => {
    expect((await inspect('member_id,name\n1001.0,a\n,b\n1002.0,c\n')).profile.plan.floatedIds).toBe(true);
    expect((await inspect('member_id,name\n1001,a\n1001.0,b\n')).profile.plan.floatedIds).toBe(false);
  });
});
