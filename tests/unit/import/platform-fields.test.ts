// Every field name of the marketing platform, literally: what an import makes of it, and what a recipient list does.
import { describe, expect, it } from 'vitest';
import { findListColumns } from '../../../pipelines/audience/list-columns.ts';
import { listReadings } from '../../../pipelines/audience/list-readings.ts';
import type { ListPlan } from '../../../pipelines/audience/list-plan.ts';
import type { ChannelKind } from '../../../contracts/channel-kinds.ts';
import { inspect } from './inspect-text.ts';

const BINDINGS = ['手機綁定', '社群身份綁定', '會員綁定'];

/** What a column of that name becomes beside a key that is mapped. */
async function becomes(header: string, channelKind: ChannelKind, createAttributes = false) {
  const key = header === '會員編號' ? 'email' : 'member_id';
  const { profile } = await inspect(`key\t${header}\nk1\tx\n`, {
    ...{ channelKind, createAttributes, map: { [key]: 'key' }, matchBy: key },
  });
  return profile.columns[1];
}

describe('an import', () => {
  it.each([
    ['社群編號', 'social_id', ['line', 'messenger', 'whatsapp']],
    ['社群 User ID', 'social_id', ['line', 'messenger', 'whatsapp']],
    ['LINE UID', 'social_id', ['line']],
    ['FB PSID', 'social_id', ['messenger']],
    ['會員編號', 'member_id', ['line', 'messenger', 'whatsapp']],
    ['Email', 'email', ['line', 'messenger', 'whatsapp']],
    ['電話', 'phone', ['line', 'messenger', 'whatsapp']],
    ['姓名', 'display_name', ['line', 'messenger', 'whatsapp']],
    ['頭像', 'avatar_url', ['line', 'messenger', 'whatsapp']],
    ['訂閱狀態', 'subscribed', ['line', 'messenger', 'whatsapp']],
    ['加入訂閱時間', 'subscribed_since', ['line', 'messenger', 'whatsapp']],
    ['標籤', 'tags', ['line', 'messenger', 'whatsapp']],
  ] as const)('%s is %s', async (header, field, kinds) => {
    for (const kind of kinds)
      for (const create of [false, true]) expect(await becomes(header, kind, create)).toMatchObject({ field });
  });

  it.each([...BINDINGS, '手機綁定（LINE）', '手机绑定', 'Phone binding'])(
    '%s is known, not stored yet, and never an attribute',
    async (header) => {
      for (const create of [false, true])
        expect(await becomes(header, 'line', create)).toMatchObject({ field: null, confidence: 0, why: 'binding' });
    },
  );

  it('names the bindings that it leaves, once', async () => {
    const { profile } = await inspect(`LINE UID\t${BINDINGS.join('\t')}\nU1\tx\ty\tz\n`, { createAttributes: true });
    expect(profile.newAttributes).toEqual([]);
    expect(profile.warnings).toEqual([
      'The columns “手機綁定”, “社群身份綁定”, “會員綁定” are known and not stored yet: bindings are kept by a later version. They are left out.',
    ]);
    expect((await inspect('LINE UID\t手機綁定\nU1\tx\n')).profile.warnings[0]).toMatch(
      /^The column “手機綁定” is known/,
    );
    expect((await inspect('LINE UID\t手機綁定\nU1\tx\n', { map: { ignored: '手機綁定' } })).profile.warnings).toEqual(
      [],
    );
  });
});

describe('a list', () => {
  const find = (headers: string[], channelKind: ChannelKind, places: string[] = []) =>
    findListColumns({
      ...{ headers, hasHeader: true, data: [], channelKind, defaultCountry: 'TW', matchBy: null, map: {} },
      places,
    });
  it.each([
    ['社群編號', 'social_id', ['line', 'messenger']],
    ['社群 User ID', 'social_id', ['line', 'messenger']],
    ['LINE UID', 'social_id', ['line']],
    ['FB PSID', 'social_id', ['messenger']],
    ['社群編號', 'phone', ['whatsapp']],
    ['社群 User ID', 'phone', ['whatsapp']],
    ['會員編號', 'member_id', ['line', 'messenger', 'whatsapp']],
    ['Email', 'email', ['line', 'messenger', 'whatsapp']],
    ['電話', 'phone', ['line', 'messenger', 'whatsapp']],
  ] as const)('is matched by %s as %s', (header, matchBy, kinds) => {
    for (const kind of kinds)
      expect(find(['姓名', header, ...BINDINGS], kind)).toMatchObject({ matchBy, keyColumn: 1 });
  });

  it('on WhatsApp takes the phone before a social id that is as likely', () => {
    expect(find(['社群編號', '電話'], 'whatsapp')).toMatchObject({ matchBy: 'phone', keyColumn: 1 });
  });

  it('fills a message by any of them, and says of the rest that they are known', () => {
    const headers = ['LINE UID', '姓名', '自訂屬性', '手機綁定', '訂閱狀態'];
    const found = find(headers, 'line', ['姓名', '自訂屬性']);
    expect(found.sources).toEqual([{ column: 1 }, { column: 2 }]);
    const plan = { ...found, channelKind: 'line' } as ListPlan;
    expect(listReadings({ headers, plan }, ['姓名', '自訂屬性'], {}).map(({ why }) => why)).toEqual([
      'word',
      'place',
      'place',
      'binding',
      'not needed',
    ]);
  });
});
