// The rules of LINE and WhatsApp that are checked before anything is sent: each limit, at it and one past it.
import { describe, expect, it } from 'vitest';
import { lineMessageProblems } from '../../../adapters/channels/line/message-rules.ts';
import { whatsappMessageProblems } from '../../../adapters/channels/whatsapp/message-rules.ts';

type Json = Record<string, unknown>;
const line = (...messages: unknown[]) => lineMessageProblems({ messages }).map(({ path }) => path);
const template = (value: Json) => ({ type: 'template', altText: 'alt', template: value });
const act = { type: 'uri', label: 'x', uri: 'https://example.com' };
const times = (n: number, value: unknown = act) => Array.from({ length: n }, () => value);
const buttons = (given: Json) => template({ type: 'buttons', text: 'x', actions: times(1), ...given });
const column = (given: Json = {}) => ({ text: 'x', actions: times(1), ...given });
const carousel = (columns: unknown[]) => template({ type: 'carousel', columns });
const url = (length: number) => `https://${'x'.repeat(length - 8)}`;

describe('LINE takes', () => {
  it.each<[string, unknown[]]>([
    ['five texts', times(5, { type: 'text', text: 'x' })],
    ['a text of 5,000 units, a place counting as one', [{ type: 'text', text: `${'x'.repeat(4_999)}{{a long name}}` }]],
    ['a buttons template', [buttons({ title: '字'.repeat(40), text: 'x'.repeat(60), actions: times(4) })]],
    ['graphemes as people see them', [buttons({ title: '👨‍👩‍👧'.repeat(40) })]],
    ['a longer text without title', [buttons({ text: 'x'.repeat(160) })]],
    ['a confirm template', [template({ type: 'confirm', text: 'x'.repeat(240), actions: times(2) })]],
    ['a carousel', [carousel(times(10, column({ text: 'x'.repeat(120), actions: times(3) })))]],
    [
      'a flex carousel',
      [{ type: 'flex', altText: 'x'.repeat(1_500), contents: { type: 'carousel', contents: times(12, {}) } }],
    ],
    ['an image', [{ type: 'image', originalContentUrl: url(2_000), previewImageUrl: '{{picture}}' }]],
    ['thirteen quick replies', [{ type: 'text', text: 'x', quickReply: { items: times(13) } }]],
    ['postback data', [buttons({ actions: [{ type: 'postback', label: 'x', data: 'x'.repeat(300) }] })]],
    ['what it alone judges', [{ type: 'sticker' }, { type: 'coupon' }, { type: 'location' }]],
  ])('%s', (_, messages) => {
    expect(line(...messages)).toEqual([]);
  });

  it('options beside the messages', () => {
    const messages = [{ type: 'text', text: 'x' }];
    expect(lineMessageProblems({ messages, notificationDisabled: true, customAggregationUnits: ['promo_1'] })).toEqual(
      [],
    );
  });
});

describe('LINE does not take', () => {
  it.each<[string, unknown[], string]>([
    ['no message', [], 'messages'],
    ['six', times(6, { type: 'text', text: 'x' }), 'messages'],
    ['an unknown type', [{ type: 'txt', text: 'x' }], 'messages[0].type'],
    ['no text', [{ type: 'text' }], 'messages[0].text'],
    [
      'a long text',
      [
        { type: 'text', text: 'x' },
        { type: 'textV2', text: '😀'.repeat(2_501) },
      ],
      'messages[1].text',
    ],
    ['a long title', [buttons({ title: 'x'.repeat(41) })], 'messages[0].template.title'],
    ['a long text beside a title', [buttons({ title: 'x', text: 'x'.repeat(61) })], 'messages[0].template.text'],
    [
      'a long text beside an image',
      [buttons({ thumbnailImageUrl: url(9), text: 'x'.repeat(61) })],
      'messages[0].template.text',
    ],
    ['a long text', [buttons({ text: 'x'.repeat(161) })], 'messages[0].template.text'],
    ['five actions', [buttons({ actions: times(5) })], 'messages[0].template.actions'],
    [
      'one action to confirm',
      [template({ type: 'confirm', text: 'x', actions: times(1) })],
      'messages[0].template.actions',
    ],
    [
      'a long question',
      [template({ type: 'confirm', text: 'x'.repeat(241), actions: times(2) })],
      'messages[0].template.text',
    ],
    ['eleven columns', [carousel(times(11, column()))], 'messages[0].template.columns'],
    [
      'a long column',
      [carousel([column(), column({ text: 'x'.repeat(121) })])],
      'messages[0].template.columns[1].text',
    ],
    [
      'four actions in a column',
      [carousel([column({ actions: times(4) })])],
      'messages[0].template.columns[0].actions',
    ],
    ['an unknown template', [template({ type: 'card' })], 'messages[0].template.type'],
    [
      'a long altText',
      [{ type: 'flex', altText: 'x'.repeat(1_501), contents: { type: 'bubble' } }],
      'messages[0].altText',
    ],
    [
      '13 bubbles',
      [{ type: 'flex', altText: 'x', contents: { type: 'carousel', contents: times(13, {}) } }],
      'messages[0].contents.contents',
    ],
    ['flex of another kind', [{ type: 'flex', altText: 'x', contents: { type: 'box' } }], 'messages[0].contents.type'],
    [
      'http',
      [{ type: 'image', originalContentUrl: 'http://a', previewImageUrl: url(9) }],
      'messages[0].originalContentUrl',
    ],
    [
      'a long address',
      [{ type: 'image', originalContentUrl: url(9), previewImageUrl: url(2_001) }],
      'messages[0].previewImageUrl',
    ],
    [
      '14 quick replies',
      [{ type: 'text', text: 'x', quickReply: { items: times(14) } }],
      'messages[0].quickReply.items',
    ],
    [
      'long postback data',
      [buttons({ actions: [{ type: 'postback', data: 'x'.repeat(301) }] })],
      'messages[0].template.actions[0].data',
    ],
    ['a long sender', [{ type: 'text', text: 'x', sender: { name: 'x'.repeat(21) } }], 'messages[0].sender.name'],
    ['text where an object belongs', ['hello'], 'messages[0]'],
  ])('%s', (_, messages, path) => {
    expect(line(...messages)).toEqual([path]);
  });

  it('recipients, unknown fields, other units', () => {
    const messages = [{ type: 'text', text: 'x' }];
    const paths = (message: Json) => lineMessageProblems(message).map(({ path }) => path);
    expect(paths({ messages, to: 'U1', retryKey: 'x' })).toEqual(['to', 'retryKey']);
    expect(paths({ messages, customAggregationUnits: ['no spaces'] })).toEqual(['customAggregationUnits[0]']);
    expect(paths({ messages, customAggregationUnits: ['a', 'b'] })).toEqual(['customAggregationUnits']);
    expect(paths({ type: 'text', text: 'x' })).toEqual(['type', 'text', 'messages']);
  });
});

const wa = (message: Json) => whatsappMessageProblems(message).map(({ path }) => path);
const named = (given: Json = {}) => ({
  type: 'template',
  template: { name: 'sale', language: { code: 'zh_TW' }, ...given },
});
const reply = (title: string, id = title) => ({ type: 'reply', reply: { id, title } });
const asks = (action: Json, given: Json = {}) => ({
  type: 'interactive',
  interactive: { type: 'button', body: { text: 'x' }, action, ...given },
});
const rows = (n: number, given: Json = {}) => times(n, { id: 'x', title: 'x', ...given });
const lists = (sections: unknown, button = 'x') => asks({ button, sections }, { type: 'list' });

describe('WhatsApp takes', () => {
  it.each<[string, Json]>([
    ['a template', named()],
    [
      'a template with values',
      named({ components: [{ type: 'body', parameters: [{ type: 'text', text: '{{name}}' }] }] }),
    ],
    [
      'a template with buttons',
      named({ components: times(10, { type: 'button', sub_type: 'quick_reply', index: '0' }) }),
    ],
    ['its own fixed fields', { messaging_product: 'whatsapp', recipient_type: 'individual', ...named() }],
    ['a text', { type: 'text', text: { body: 'x', preview_url: true } }],
    ['an image', { type: 'image', image: { link: 'https://x', caption: 'x'.repeat(1_024) } }],
    ['three buttons of 20 characters', asks({ buttons: [reply('字'.repeat(20)), reply('b'), reply('c')] })],
    [
      'a list of ten rows',
      lists([{ title: 'x'.repeat(24), rows: rows(4) }, { rows: rows(6, { description: 'x'.repeat(72) }) }]),
    ],
    ['a flow', asks({ name: 'flow', parameters: { flow_cta: 'x'.repeat(30) } }, { type: 'flow' })],
  ])('%s', (_, message) => {
    expect(wa(message)).toEqual([]);
  });
});

describe('WhatsApp does not take', () => {
  const buttons = 'interactive.action.buttons';
  it.each<[string, Json, string[]]>([
    ['a recipient', { ...named(), to: '+886912345678' }, ['to']],
    ['a recipient by id', { ...named(), recipient: 'TW.1' }, ['recipient']],
    ['a reference of its own', { ...named(), biz_opaque_callback_data: 'x' }, ['biz_opaque_callback_data']],
    ['another product', { ...named(), messaging_product: 'sms' }, ['messaging_product']],
    ['content of another type', { ...named(), text: { body: 'x' } }, ['text']],
    ['no type', { text: { body: 'x' } }, ['type', 'text']],
    ['no content', { type: 'text' }, ['text']],
    ['an empty text', { type: 'text', text: { body: ' ' } }, ['text.body']],
    [
      'a template without name and language',
      { type: 'template', template: {} },
      ['template.name', 'template.language'],
    ],
    ['components that are no list', named({ components: {} }), ['template.components']],
    [
      'a button without place',
      named({ components: [{ type: 'button', sub_type: 'url', index: '10' }] }),
      ['template.components[0].index'],
    ],
    [
      'eleven buttons',
      named({ components: times(11, { type: 'button', sub_type: 'url', index: 0 }) }),
      ['template.components'],
    ],
    [
      'an empty value',
      named({ components: [{ type: 'body', parameters: [{ type: 'text', text: '' }] }] }),
      ['template.components[0].parameters[0].text'],
    ],
    [
      'a value of several lines',
      named({ components: [{ type: 'body', parameters: [{ type: 'text', text: 'Dear {{name}},\nhello' }] }] }),
      ['template.components[0].parameters[0].text'],
    ],
    [
      'five blanks in a row',
      named({ components: [{ type: 'body', parameters: [{ type: 'text', text: 'a     b' }] }] }),
      ['template.components[0].parameters[0].text'],
    ],
    ['both link and id', { type: 'image', image: { link: 'https://x', id: '1' } }, ['image']],
    ['a long caption', { type: 'video', video: { id: '1', caption: 'x'.repeat(1_025) } }, ['video.caption']],
    ['no button', asks({ buttons: [] }), [buttons]],
    ['four buttons', asks({ buttons: ['a', 'b', 'c', 'd'].map((title) => reply(title)) }), [buttons]],
    ['a long title', asks({ buttons: [reply('字'.repeat(21), 'a')] }), [`${buttons}[0].reply.title`]],
    ['two equal titles', asks({ buttons: [reply('a', '1'), reply('a', '2')] }), [`${buttons}[1].reply.title`]],
    ['an id with a space', asks({ buttons: [reply('a', ' 1')] }), [`${buttons}[0].reply.id`]],
    ['a long body', asks({ buttons: [reply('a')] }, { body: { text: 'x'.repeat(1_025) } }), ['interactive.body.text']],
    [
      'a long footer',
      asks({ buttons: [reply('a')] }, { footer: { text: 'x'.repeat(61) } }),
      ['interactive.footer.text'],
    ],
    [
      'a long header',
      asks({ buttons: [reply('a')] }, { header: { type: 'text', text: 'x'.repeat(61) } }),
      ['interactive.header.text'],
    ],
    ['eleven rows in all', lists([{ rows: rows(6) }, { rows: rows(5) }]), ['interactive.action.sections']],
    [
      'a long row',
      lists([{ rows: rows(1, { title: 'x'.repeat(25) }) }]),
      ['interactive.action.sections[0].rows[0].title'],
    ],
    [
      'a long flow button',
      asks({ name: 'flow', parameters: { flow_cta: 'x'.repeat(31) } }, { type: 'flow' }),
      ['interactive.action.parameters.flow_cta'],
    ],
  ])('%s', (_, message, paths) => {
    expect(wa(message)).toEqual(paths);
  });
});
