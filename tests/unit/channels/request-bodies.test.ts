// The bytes of a request name each recipient in the field that its kind of address belongs to.
import { expect, test } from 'vitest';
import { line } from '../../../adapters/channels/line/line.ts';
import { whatsapp } from '../../../adapters/channels/whatsapp/whatsapp.ts';
import { isBusinessScopedId } from '../../../contracts/whatsapp-address.ts';

const message = JSON.stringify({ type: 'text', text: { body: 'Hi' } });
const bodyFor = (address: string, given = message): unknown =>
  JSON.parse(whatsapp.body(given, [address], 'attempt-1', whatsapp.mode(false)));
const common = {
  ...{ messaging_product: 'whatsapp', recipient_type: 'individual', biz_opaque_callback_data: 'attempt-1' },
  ...{ type: 'text', text: { body: 'Hi' } },
};

test('a number goes in `to`', () => {
  expect(bodyFor('+886912345678')).toEqual({ ...common, to: '+886912345678' });
});

test.each(['TW.13491208655302741918', 'TW.ENT.11815799212886844830', `US.${'a1'.repeat(64)}`])(
  'a business-scoped id goes in `recipient`, without `to`: %s',
  (id) => {
    expect(bodyFor(id)).toEqual({ ...common, recipient: id });
  },
);

test('the message may name the product itself; the request names it once', () => {
  const given = JSON.stringify({ messaging_product: 'whatsapp', recipient_type: 'individual', ...JSON.parse(message) });
  const body = whatsapp.body(given, ['TW.1'], 'attempt-1', whatsapp.mode(false));
  expect(body.match(/messaging_product/g)).toHaveLength(1);
  expect(JSON.parse(body)).toEqual({ ...common, recipient: 'TW.1' });
});

test('what a business-scoped id is', () => {
  const yes = ['TW.1', 'TW.ENT.1', 'US.abcXYZ09', `US.${'1'.repeat(128)}`];
  const no = [
    '+886912345678',
    '886912345678',
    'tw.1',
    'TW.',
    'TW',
    'TWN.1',
    'TW.1-2',
    `US.${'1'.repeat(129)}`,
    ' TW.1',
  ];
  expect(yes.map(isBusinessScopedId)).toEqual(yes.map(() => true));
  expect(no.map(isBusinessScopedId)).toEqual(no.map(() => false));
});

test('LINE: one id for a push, a list for a multicast', () => {
  const text = JSON.stringify({ messages: [{ type: 'text', text: 'Hi' }] });
  expect(JSON.parse(line.body(text, ['U1'], '', line.mode(true)))).toEqual({ to: 'U1', ...JSON.parse(text) });
  expect(JSON.parse(line.body(text, ['U1', 'U2'], '', line.mode(false)))).toMatchObject({ to: ['U1', 'U2'] });
});
