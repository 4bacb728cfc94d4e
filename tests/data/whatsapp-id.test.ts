// The account that WhatsApp answers with, where it is not the number that was sent to: kept with the contact, and gone with it.
import { expect, test } from 'vitest';
import type { Database } from '../../ports/database.ts';
import { readContact } from '../../pipelines/contacts/contact-query.ts';
import { eraseContact } from '../../pipelines/contacts/erase.ts';
import { ACCEPTED, deliver, deliveryPorts, refused, start, type Send } from '../delivery-harness.ts';
import { importWorld, TEST_KEY } from '../import-harness.ts';
import { addContact, planWorld } from '../plan-harness.ts';

const world = planWorld();
const imports = importWorld();

const MESSAGE = { type: 'template', template: { name: 'promo', language: { code: 'es_MX' } } };
let people = 0;
const mexican = () => `+5255${String(12_000_000 + ++people)}`;
const ownForm = (number: string) => number.replace('+52', '521');

/** Sends to a list as WhatsApp takes it: with its own form of Mexican numbers in the answer. Gives the statements asked of the database. */
async function send(
  lines: string[],
  header = '手機',
  answer: Send = resolved,
): Promise<{ broadcastId: string; asked: string[] }> {
  const csv = await world.file(`mx-${++people}.csv`, `${[header, ...lines].join('\n')}\n`);
  const plan = await world.plan({
    channel: 'wa',
    csv,
    message: { ...MESSAGE, template: { ...MESSAGE.template, name: `p${people}` } },
  });
  const asked: string[] = [];
  const watched = new Proxy(world.db, {
    get: (db, key: keyof Database) => {
      const value: unknown = Reflect.get(db, key, db);
      if (typeof value !== 'function') return value;
      return (...args: unknown[]): unknown => {
        if (key === 'query') asked.push(String(args[0]));
        return Reflect.apply(value, db, args);
      };
    },
  });
  await deliver(
    await start(world.db, { digest: plan.digest, again: false, maxPlanAgeHours: 1 }),
    deliveryPorts(watched, answer),
  );
  return { broadcastId: plan.broadcastId, asked: asked.filter((text) => text.includes('whatsapp_id')) };
}

const numberOf = (body: string) => (JSON.parse(body) as { to: string }).to;
const resolved: Send = ({ body }) =>
  numberOf(body).startsWith('+52') ? { ...ACCEPTED, whatsappId: ownForm(numberOf(body)) } : ACCEPTED;

const kept = async (addresses: string[]) =>
  (
    await world.db.query<{ social_id: string; whatsapp_id: string | null }>(
      'select social_id, whatsapp_id from contacts where social_id = any ($1) order by id',
      [addresses],
    )
  ).rows.map((row) => row.whatsapp_id);

test('is kept with the contact, in one statement a batch; where nothing differs there is none', async () => {
  const numbers = [mexican(), mexican(), mexican()];
  const { asked } = await send([...numbers, '+886912000001']);
  expect(await kept(numbers)).toEqual(numbers.map(ownForm));
  expect(await kept(['+886912000001'])).toEqual([null]);
  expect(asked.length).toBeGreaterThan(0);
  expect(asked.length).toBeLessThanOrEqual(3);
  expect((await send(['+886912000001', '+886912000002'])).asked).toEqual([]);
  // Known already, it changes nothing; the row is not written.
  const version = async () =>
    (await world.db.query('select xmin::text, updated_at from contacts where social_id = $1', [numbers[0]])).rows;
  const before = await version();
  await send([numbers[0]!]);
  expect(await version()).toEqual(before);
});

test('a refused message says nothing of the account', async () => {
  const number = mexican();
  await send([number], '手機', () => refused({ code: '131026', whatsappId: ownForm(number) }));
  expect(await kept([number])).toEqual([null]);
});

test('a person with an id and a number: both contacts are found by it', async () => {
  const [id, number] = ['MX.13491208655302741922', mexican()];
  await addContact(world.db, { channel: 'wa', socialId: id, memberId: 'W-1', phone: number });
  await addContact(world.db, { channel: 'wa', socialId: number, memberId: 'W-2' });
  await send(['W-1'], 'member_id');
  expect(await kept([id, number])).toEqual([ownForm(number), ownForm(number)]);
});

test('shown with the contact', async () => {
  const number = mexican();
  const contactId = await addContact(world.db, { channel: 'wa', socialId: number });
  expect(await readContact(world.db, contactId)).toMatchObject({ whatsappId: null });
  await send([number]);
  expect(await readContact(world.db, contactId)).toMatchObject({ socialId: number, whatsappId: ownForm(number) });
});

test('goes with the person; an answer that comes later does not bring it back', async () => {
  const [early, late] = [mexican(), mexican()];
  for (const socialId of [early, late]) await addContact(world.db, { channel: 'wa', socialId });
  await send([early]);
  const id = async (socialId: string) =>
    (await world.db.query<{ id: string }>('select id from contacts where social_id = $1', [socialId])).rows[0]!.id;
  await eraseContact(world.db, TEST_KEY, await id(early), false);
  // Erased between request and answer.
  const { broadcastId } = await send([late], '手機', async (request, mode) => {
    await eraseContact(world.db, TEST_KEY, await id(late), false);
    return resolved(request, mode);
  });
  const { rows: fates } = await world.db.query('select fate from broadcast_ledger where broadcast_id = $1', [
    broadcastId,
  ]);
  expect(fates).toEqual([{ fate: 'accepted' }]);
  for (const { name } of (
    await world.db.query<{ name: string }>(
      `select relname as name from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace`,
    )
  ).rows) {
    const forms = [early, late].flatMap((number) => [`%${number}%`, `%${ownForm(number)}%`]);
    const found = await world.db.query(`select from "${name}" t where t::text like any ($1) limit 1`, [forms]);
    expect([name, found.rowCount]).toEqual([name, 0]);
  }
});

test('an import of the same people is unchanged; another number of an id forgets it, the address itself keeps it', async () => {
  const [id, number, other] = ['MX.13491208655302741923', mexican(), mexican()];
  const text = `WhatsApp,手機\n${id},${number}\n${number},${number}\n`;
  const run = async (content: string) =>
    imports.run({ file: await imports.file(`mx-${++people}.csv`, content), channel: 'wa', again: true });
  expect(await run(text)).toMatchObject({ outcomes: { create: 2 } });
  await imports.db.query('update contacts set whatsapp_id = $1 where social_id = any ($2)', [
    ownForm(number),
    [id, number],
  ]);
  expect(await run(text)).toMatchObject({ outcomes: { unchanged: 2, update: 0 } });
  expect(await run(text.replaceAll(`,${number}`, `,${other}`))).toMatchObject({ outcomes: { update: 2 } });
  const { rows } = await imports.db.query<{ social_id: string; whatsapp_id: string | null; phone: string }>(
    'select social_id, whatsapp_id, phone from contacts where social_id = any ($1) order by social_id desc',
    [[id, number]],
  );
  expect(rows).toEqual([
    { social_id: id, whatsapp_id: null, phone: other },
    { social_id: number, whatsapp_id: ownForm(number), phone: other },
  ]);
});
