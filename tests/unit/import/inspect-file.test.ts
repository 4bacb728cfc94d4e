// What is found out about a file: dialect, header, mapping, key, date format, and the questions that are asked back.
import { describe, expect, it } from 'vitest';
import type { InspectOptions } from '../../../pipelines/import/inspect-file.ts';
import { inspect } from './inspect-text.ts';

const UID = `U${'0123456789abcdef'.repeat(2)}`;

async function fields(text: string, options: Partial<InspectOptions> = {}) {
  return (await inspect(text, options)).profile.columns.map((column) => column.field);
}

describe('dialect', () => {
  it.each([
    [',', '會員編號,姓名,標籤\nM1,王,"a;b"\nM2,李,c;d\n'],
    [';', '會員編號;姓名;備註\nM1;王;"a, b, c"\nM2;李;x, y, z\n'],
    ['\t', 'member_id\tname\tnote\nM1\tAmy\ta, b; c\n'],
    ['|', 'member_id|name|note\nM1|Amy|a, b\nM2|Ben|c, d\n'],
  ])('finds %j', async (delimiter, text) => {
    const { profile, sample } = await inspect(text);
    expect(profile).toMatchObject({
      delimiter,
      quote: '"',
      headerRow: 1,
      dataLine: 2,
      dataByte: Buffer.byteLength(text.split('\n')[0] ?? '') + 1,
    });
    expect(profile.columns.slice(0, 2).map((column) => column.field)).toEqual(['member_id', 'display_name']);
    expect(sample[0]?.[0]).toBe('M1');
  });

  it('finds the header below a preamble, and counts what it skips', async () => {
    const { profile } = await inspect(
      '顧客匯出報表\n\n匯出時間,2024-03-05,,\n會員編號,姓名,手機,備註\nM1,王,0912345678,\nM2,李,0922333444,x\n',
    );
    expect(profile).toMatchObject({
      headerRow: 4,
      dataLine: 5,
      records: 2,
      recordsExact: true,
      skipped: { preamble: 2, blank: 1, header: 1, footer: 0 },
    });
  });

  it('takes Excel at its word, and the user above all', async () => {
    expect((await inspect('sep=;\nmember_id;name\nM1;a\n')).profile).toMatchObject({
      delimiter: ';',
      headerRow: 2,
      skipped: { preamble: 1 },
    });
    expect((await inspect('member_id~name\nM1~a,b\n', { delimiter: '~' })).profile.columns).toHaveLength(2);
    expect((await inspect('member_id\tname\nM1\ta,b\n', { delimiter: 'tab' })).profile.columns).toHaveLength(2);
    await expect(inspect('a,b\n', { delimiter: '::' })).rejects.toMatchObject({ code: 'delimiter_invalid' });
  });

  it('tells wrapping quotes from a spreadsheet mark', async () => {
    expect((await inspect("'member_id','name'\n'M1','a,b'\n'M2','c'\n")).profile).toMatchObject({
      quote: "'",
      columns: { length: 2 },
    });
    expect((await inspect("phone,name\n'0912345678,Amy\n'0922333444,Ben\n")).profile.quote).toBe('"');
  });

  it('reads a file without header by the form of its values', async () => {
    const { profile } = await inspect(`${UID},王小明,0912345678\n${UID.replace('0', '1')},李,0922333444\n`);
    expect(profile).toMatchObject({ headerRow: null, dataByte: 0, dataLine: 1, skipped: { header: 0 }, records: 2 });
    expect(profile.columns.map((column) => column.field)).toEqual(['social_id', null, 'phone']);
    expect((await inspect(`${UID}\n`)).profile.columns).toMatchObject([{ header: 'column 1', field: 'social_id' }]);
    expect(await fields(`${UID},王小明\n`, { map: { display_name: 'column 2' } })).toEqual([
      'social_id',
      'display_name',
    ]);
  });

  it('reads a header alone, a file without last line break, and refuses blank ones', async () => {
    expect((await inspect('member_id,name\n')).profile).toMatchObject({ records: 0, dataByte: 15, dataLine: 2 });
    expect((await inspect('member_id,name\nM1,a')).profile).toMatchObject({ records: 1 });
    await expect(inspect('\n \n,,\n')).rejects.toMatchObject({ code: 'file_blank' });
    // A quote that nothing closes is text, in a header too.
    expect((await inspect('"member_id,name\nM1,a\n')).profile).toMatchObject({
      headers: ['"member_id', 'name'],
      records: 1,
    });
  });

  it('counts all records of a small file, and looks at all of them for dates', async () => {
    const early = 'x,05/06/2024\n'.repeat(900);
    const { profile } = await inspect(`UID,訂閱時間\n${early}y,31/12/2024\n`);
    expect(profile).toMatchObject({ records: 901, recordsExact: true, plan: { dateFormat: 'dd/MM/yyyy[ H:mm[:ss]]' } });
  });

  it('loses no line where the first record is longer than the sample', async () => {
    const { profile } = await inspect(`member_id,name\r\nM1,"${'x'.repeat(300_000)}"\r\n`);
    expect(profile).toMatchObject({ dataByte: 16, dataLine: 2, recordsExact: false });
  });

  it('estimates the records of a file larger than the sample', async () => {
    const { profile } = await inspect(`member_id,name\n${'M1,somebody\n'.repeat(100_000)}`);
    expect(profile.recordsExact).toBe(false);
    expect(Math.abs(profile.records - 100_000)).toBeLessThan(2000);
  });
});

describe('mapping', () => {
  it.each([
    [
      '會員編號,手機號碼,姓名,電子郵件,LINE UID,標籤,訂閱狀態,訂閱時間,最後互動時間,時區,頭像',
      'member_id,phone,display_name,email,social_id,tags,subscribed,subscribed_since,last_interaction_at,time_zone,avatar_url',
    ],
    [
      '会员编号,手机,昵称,邮箱,UID,标签,订阅,最后互动',
      'member_id,phone,display_name,email,social_id,tags,subscribed,last_interaction_at',
    ],
    ['ＬＩＮＥ＿ＵＩＤ, Display Name ,E-Mail,PHONE_NUMBER,memberId', 'social_id,display_name,email,phone,member_id'],
    ['會員ID（必填）,Email (電子郵件),*手機,備註', 'member_id,email,phone,'],
    ['line_user_id,標籤:VIP,tag: 新客', 'social_id,tag:VIP,tag:新客'],
    // The field names of the marketing platform, and of common exports.
    [
      '社群編號,社群 User ID,會員編號,Email,電話,姓名,頭像,訂閱狀態,加入訂閱時間,自訂屬性,標籤,手機綁定,社群身份綁定,會員綁定',
      ',social_id,member_id,email,phone,display_name,avatar_url,subscribed,subscribed_since,attributes,tags,,,',
    ],
    ['社群編號,客戶名稱', 'social_id,display_name'],
    [
      'First Name,Last Name,LINE UID,Labels,E-mail 1 - Value,Phone 1 - Value',
      'given_name,family_name,social_id,tags,email,phone',
    ],
    ['LINE UID,姓,名', 'social_id,family_name,given_name'],
    ['名字,姓氏,電子郵件 1 - 值,電話 1 - 值,LINE UID', 'given_name,family_name,email,phone,social_id'],
    ['名字,LINE UID', 'display_name,social_id'],
    ['LINE UID,First Name,Last Name,Full Name', 'social_id,,,display_name'],
  ])('%s', async (headers, expected) => {
    expect((await fields(`${headers}\n`)).map((field) => field ?? '').join(',')).toBe(expected);
  });

  it.each([
    ['VIP;新客', ';'],
    ['* friends ::: VIP', ':::'],
    ['VIP,新客', null],
    ['VIP', null],
  ])('tags that will be one are warned about: %s', async (cell, mark) => {
    const { profile } = await inspect(`LINE UID\t標籤\nU1\t${cell}\n`);
    const said = (profile.warnings ?? []).filter((warning) => warning.includes('--tag-separator'));
    expect(said).toEqual(mark === null ? [] : [expect.stringContaining(`--tag-separator '${mark}'`)]);
  });

  it('depends on the kind of channel', async () => {
    expect(await fields('PSID,UID,name\n', { channelKind: 'messenger', map: { ignored: 'UID' } })).toEqual([
      'social_id',
      null,
      'display_name',
    ]);
    expect(await fields('WhatsApp,電話,name\n', { channelKind: 'whatsapp' })).toEqual([
      'social_id',
      'phone',
      'display_name',
    ]);
    expect(await fields('LINE UID,電話,name\n', { channelKind: 'whatsapp' })).toEqual([null, 'phone', 'display_name']);
  });

  it('lets the map overrule, and asks back where it is wrong', async () => {
    const text = 'UID,手機,電話,等級,VIP\nx,1,2,3,4\n';
    expect(await fields(text, { map: { phone: '電話', 'tag:貴賓': 'vip', 'ignore:等級': '' } })).toEqual([
      'social_id',
      null,
      'phone',
      null,
      'tag:貴賓',
    ]);
    // A likely word gives way to a sure one; two sure ones are asked about.
    expect(await fields(text)).toEqual(['social_id', 'phone', null, null, null]);
    await expect(inspect('UID,手機,行動電話\nx,1,2\n')).rejects.toMatchObject({
      code: 'field_duplicate',
      message: expect.stringMatching(/手機.*行動電話/),
    });
    expect(await fields('UID,sluice_line,sluice_reason\nx,1,y\n', { createAttributes: true })).toEqual([
      'social_id',
      null,
      null,
    ]);
    await expect(inspect(text, { map: { email: '信箱' } })).rejects.toMatchObject({
      code: 'map_column_missing',
      hint: expect.stringMatching(/UID.*手機.*等級/),
    });
    await expect(inspect(text, { map: { nonsense: 'VIP' } })).rejects.toMatchObject({ code: 'map_target_unknown' });
    await expect(inspect(text, { map: { email: 'VIP', tags: 'VIP' } })).rejects.toMatchObject({
      code: 'map_column_twice',
    });
    await expect(inspect(text, { map: { 'attribute:level': '等級' } })).rejects.toMatchObject({
      code: 'attribute_unknown',
    });
    // Two columns of one name matter only where one of them is meant.
    const twice = 'UID,備註,a,備註\n';
    expect(await fields(twice)).toEqual(['social_id', null, null, null]);
    await expect(inspect(twice, { map: { 'tag:x': '備註' } })).rejects.toMatchObject({
      code: 'header_duplicate',
      hint: expect.stringContaining('#4'),
      details: { first: 2, second: 4 },
    });
    expect(await fields(twice, { map: { 'tag:x': '#4' } })).toEqual(['social_id', null, null, 'tag:x']);
    await expect(inspect(twice, { map: { 'tag:x': '#5' } })).rejects.toMatchObject({ code: 'map_column_missing' });
    await expect(inspect('UID,手機,手機\n')).rejects.toMatchObject({
      code: 'field_duplicate',
      hint: expect.stringContaining('phone=#3'),
    });
  });

  it('uses attribute definitions, and makes new ones only when told', async () => {
    const text = 'UID,會員等級,生日,點數,\nx,金,1990-05-12,120,\ny,銀,1985/1/2,7,\n';
    const definitions = [{ name: '會員等級', type: 'text' as const }];
    expect(await fields(text, { definitions })).toEqual(['social_id', 'attribute:會員等級', null, null]);
    const { profile } = await inspect(text, { definitions, createAttributes: true });
    expect(profile.newAttributes).toEqual([
      { name: '生日', type: 'date' },
      { name: '點數', type: 'number' },
    ]);
    expect(profile.plan.columns).toHaveLength(4);
    const declared = await inspect(text, {
      definitions,
      createAttributes: true,
      map: { 'attribute:points:text': '點數' },
    });
    expect(declared.profile.newAttributes).toContainEqual({ name: 'points', type: 'text' });
  });
});

describe('plan', () => {
  it('takes the strongest identifier there is', async () => {
    const key = async (headers: string, options: Partial<InspectOptions> = {}) =>
      (await inspect(`${headers}\n`, options)).profile.plan.matchBy;
    expect(await key('phone,email,member_id,UID')).toBe('social_id');
    expect(await key('phone,email,member_id')).toBe('member_id');
    expect(await key('phone,email')).toBe('email');
    expect(await key('phone,name')).toBe('phone');
    expect(await key('phone,member_id', { channelKind: 'whatsapp' })).toBe('social_id');
    expect(await key('phone,member_id', { matchBy: 'phone' })).toBe('phone');
    await expect(inspect('name,note\n')).rejects.toMatchObject({
      code: 'no_identifier',
      hint: expect.stringMatching(/--map.*“name”, “note”/),
    });
    await expect(inspect('phone,note\n', { matchBy: 'email' })).rejects.toMatchObject({ code: 'no_identifier' });
  });

  it('asks how dates are written rather than guess', async () => {
    const text = (date: string) => `UID,訂閱時間\nx,05/06/2024\ny,${date}\n`;
    await expect(inspect(text('01/02/2024'))).rejects.toMatchObject({
      code: 'date_format_ambiguous',
      message: expect.stringMatching(/訂閱時間/),
    });
    expect((await inspect(text('31/12/2024 08:00'))).profile.plan.dateFormat).toBe('dd/MM/yyyy[ H:mm[:ss]]');
    expect((await inspect(text('01/02/2024'), { dateFormat: 'MM/dd/yyyy' })).profile.plan.dateFormat).toBe(
      'MM/dd/yyyy',
    );
    expect((await inspect('UID,訂閱時間\nx,2024-01-02\n')).profile.plan.dateFormat).toBeNull();
  });

  it('checks country and zone', async () => {
    await expect(inspect('UID\n', { defaultCountry: 'tw' })).rejects.toMatchObject({ code: 'country_unknown' });
    await expect(inspect('UID\n', { timeZone: 'Taipei' })).rejects.toMatchObject({ code: 'time_zone_unknown' });
  });

  it('keeps personal data out of the profile', async () => {
    const { profile, sample } = await inspect('UID,姓名,信箱\nx,王小明,amy@example.com\n');
    expect(JSON.stringify(profile)).not.toMatch(/王小明|amy@/);
    expect(sample).toEqual([['x', '王小明', 'amy@example.com']]);
  });
});
