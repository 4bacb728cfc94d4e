// People who leave, are erased, suppressed or opt out around a broadcast: nobody of them is reached or made anew, and everybody has
// a fate that says why.
import { expect, test } from 'vitest';
import { createContacts, reopenRecipients } from '../../pipelines/broadcast/prepare.ts';
import { eraseContact } from '../../pipelines/contacts/erase.ts';
import { addSuppressions } from '../../pipelines/suppressions/suppression-store.ts';
import { ACCEPTED, deliver, deliveryPorts, refused, start, type Send } from '../delivery-harness.ts';
import { TEST_KEY } from '../import-harness.ts';
import { matchList } from '../../pipelines/audience/match-list.ts';
import { stageList } from '../../pipelines/audience/stage-list.ts';
import { freezePlan } from '../../pipelines/broadcast/plan-freeze.ts';
import { addContact, control, planWorld, recipientsOf } from '../plan-harness.ts';

const world = planWorld();

const TEMPLATE = (text: string | null) => ({
  type: 'template',
  template: {
    name: 'promo',
    language: { code: 'zh_TW' },
    ...(text === null ? {} : { components: [{ type: 'body', parameters: [{ type: 'text', text }] }] }),
  },
});

let files = 0;
async function planOf(lines: string[], options: { channel?: string; header?: string; message?: object } = {}) {
  const csv = await world.file(`people-${++files}.csv`, `${[options.header ?? 'LINE UID', ...lines].join('\n')}\n`);
  const message = options.message as Record<string, unknown> | undefined;
  return world.plan({ channel: options.channel ?? 'line', csv, ...(message === undefined ? {} : { message }) });
}

let people = 0;
const uid = () => `U${(++people).toString(16).padStart(32, 'a')}`;
const phone = () => `+8869${String(10_000_000 + ++people)}`;

/** Sends a plan to a provider that takes everything; gives what went to whom. */
async function send(digest: string, answer: Send = () => ACCEPTED): Promise<string[]> {
  const bodies: string[] = [];
  const ports = deliveryPorts(world.db, (request, mode) => {
    bodies.push(request.body);
    return answer(request, mode);
  });
  await deliver(await start(world.db, { digest, again: false, maxPlanAgeHours: 1 }), ports);
  return bodies;
}

const contactsNamed = async (addresses: string[]): Promise<string[]> =>
  (
    await world.db.query<{ social_id: string }>(
      'select social_id from contacts where social_id = any ($1) order by 1',
      [addresses],
    )
  ).rows.map((row) => row.social_id);

test('planned, made by an import, and erased: the start makes nobody anew, and no recipient keeps the address', async () => {
  const [gone, stays] = [uid(), uid()];
  const plan = await planOf([gone, stays]);
  expect(plan.outcomes).toMatchObject({ created: 2 });
  const id = await addContact(world.db, { channel: 'line', socialId: gone });
  expect(await eraseContact(world.db, TEST_KEY, id, false)).toMatchObject({ recipients: 1 });
  const bodies = await send(plan.digest);
  expect(bodies.join()).not.toContain(gone);
  expect(await contactsNamed([gone, stays])).toEqual([stays]);
  const rows = await recipientsOf(world.db, plan.broadcastId);
  expect(rows.join()).not.toContain(gone);
  expect(rows[1]).toBe(`1 ${stays} accepted`);
  const { rows: fates } = await world.db.query<{ fate: string }>(
    'select fate from broadcast_ledger where broadcast_id = $1 and ordinal = 0',
    [plan.broadcastId],
  );
  expect(fates[0]!.fate).toBe('suppressed');
});

test('suppressed between plan and start: not made, not sent to', async () => {
  const [listed, free] = [uid(), uid()];
  const plan = await planOf([listed, free]);
  const scope = { channel: '*', reason: 'stop', source: 'test', defaultCountry: 'TW', psid: false };
  await addSuppressions(world.db, TEST_KEY, scope, [listed]);
  await send(plan.digest);
  expect(await contactsNamed([listed, free])).toEqual([free]);
  expect(await recipientsOf(world.db, plan.broadcastId)).toEqual([
    `0 ${listed} suppressed(suppression_list)`,
    `1 ${free} accepted`,
  ]);
});

test('suppressed while the matching of the plan stood still: looked at again when it is sent', async () => {
  const [early, late] = [uid(), uid()];
  for (const socialId of [early, late]) await addContact(world.db, { channel: 'line', socialId });
  const csv = await world.file('stood-still.csv', `LINE UID\n${early}\n${late}\n`);
  const ref = await world.register({ channel: 'line', csv });
  await stageList(ref, world.deps, control);
  const stop = new AbortController();
  const slow = { ...world.deps, matchChunkLines: 1 };
  const first = { signal: stop.signal, onProgress: () => stop.abort() };
  await expect(matchList(ref, slow, first)).rejects.toThrow();
  const scope = { channel: 'line', reason: 'stop', source: 'test', defaultCountry: 'TW', psid: false };
  await addSuppressions(world.db, TEST_KEY, scope, [early]);
  // Hours later it goes on, and the plan is younger than the suppression by more than any transaction lasts.
  await world.db.query(
    `update suppressions set recorded_at = recorded_at - interval '5 hours' where source = 'test' and channel_id = 'line'`,
  );
  await world.db.query(`update broadcasts set created_at = created_at - interval '6 hours' where id = $1`, [
    ref.broadcastId,
  ]);
  await matchList(ref, slow, control);
  const plan = await freezePlan(ref, world.deps);
  expect(plan.suppressed).toEqual({});
  const bodies = await send(plan.digest);
  expect(bodies.join()).not.toContain(early);
  expect(await recipientsOf(world.db, plan.broadcastId)).toEqual([
    `0 ${early} suppressed(suppression_list)`,
    `1 ${late} accepted`,
  ]);
});

test('a start that was stopped before it made the contacts: a retry makes them and sends', async () => {
  const address = uid();
  const plan = await planOf([address]);
  const first = await start(world.db, { digest: plan.digest, again: false, maxPlanAgeHours: 1 });
  const ports = deliveryPorts(world.db, () => ACCEPTED);
  const aborted = { signal: AbortSignal.abort(), onProgress: () => undefined };
  const ref = { broadcastId: first.broadcastId, attempt: first.attempt };
  await expect(createContacts(ref, first.recipients, ports, aborted)).rejects.toThrow();
  await world.db.query(`update broadcasts set state = 'failed' where id = $1`, [plan.broadcastId]);
  const retry = await start(world.db, { broadcastId: plan.broadcastId, scope: 'planned' });
  await reopenRecipients({ ...ref, attempt: retry.attempt }, 'planned', retry.recipients, world.db, control);
  await deliver(retry, ports);
  expect(await recipientsOf(world.db, plan.broadcastId)).toEqual([`0 ${address} accepted`]);
  // What the first run still wants to do, it may not.
  await expect(createContacts(ref, first.recipients, ports, control)).rejects.toMatchObject({
    code: 'broadcast_superseded',
  });
});

test('a person who has stopped messages is unsubscribed by the provider, and not sent to again', async () => {
  const address = phone();
  const plan = await planOf([address], { channel: 'wa', header: '手機', message: TEMPLATE(null) });
  await send(plan.digest, () => refused({ code: '131050', optedOut: true }));
  const { rows } = await world.db.query('select subscribed, subscription_source from contacts where social_id = $1', [
    address,
  ]);
  expect(rows).toEqual([{ subscribed: false, subscription_source: 'provider' }]);
  const next = await planOf([address], { channel: 'wa', header: '手機', message: TEMPLATE('again') });
  expect(next.suppressed).toEqual({ unsubscribed: 1 });
});

test('a business-scoped id goes as recipient, a number, where there is one, as to', async () => {
  const [hidden, known] = ['TW.13491208655302741918', 'TW.13491208655302741919'];
  const number = phone();
  await addContact(world.db, { channel: 'wa', socialId: hidden, memberId: 'B-1' });
  await addContact(world.db, { channel: 'wa', socialId: known, memberId: 'B-2', phone: number });
  const plan = await planOf(['B-1', 'B-2'], { channel: 'wa', header: 'member_id', message: TEMPLATE(null) });
  const bodies = (await send(plan.digest)).map((body) => JSON.parse(body) as Record<string, unknown>);
  expect(bodies.map(({ to, recipient }) => ({ to, recipient }))).toEqual([
    { to: undefined, recipient: hidden },
    { to: number, recipient: undefined },
  ]);
  expect(await recipientsOf(world.db, plan.broadcastId)).toEqual([`0 ${hidden} accepted`, `1 ${known} accepted`]);
});

test('one account under its number and under its id: one message, and what either has said counts', async () => {
  const [id, number, left, leftId] = ['TW.13491208655302741920', phone(), phone(), 'TW.13491208655302741921'];
  await addContact(world.db, { channel: 'wa', socialId: number, memberId: 'S-1' });
  await addContact(world.db, { channel: 'wa', socialId: id, memberId: 'S-2', phone: number });
  await addContact(world.db, { channel: 'wa', socialId: left, memberId: 'S-3' });
  await addContact(world.db, { channel: 'wa', socialId: leftId, memberId: 'S-4', phone: left });
  const plan = await planOf(['S-1', 'S-2', 'S-4'], { channel: 'wa', header: 'member_id', message: TEMPLATE('same') });
  expect(plan.suppressed).toEqual({ same_number: 1 });
  await world.db.query('update contacts set subscribed = false where social_id = $1', [left]);
  const bodies = (await send(plan.digest)).map((body) => (JSON.parse(body) as { to?: string }).to);
  expect(bodies).toEqual([number]);
  expect((await recipientsOf(world.db, plan.broadcastId)).map((row) => row.replace(/^\d+ \S+ /, ''))).toEqual([
    'accepted',
    'suppressed(same_number)',
    'suppressed(unsubscribed)',
  ]);
  const gone = await planOf(['S-2'], { channel: 'wa', header: 'member_id', message: TEMPLATE('gone') });
  await send(gone.digest, () => refused({ code: '131050', optedOut: true }));
  const { rows } = await world.db.query('select subscribed from contacts where social_id = any ($1)', [[id, number]]);
  expect(rows).toEqual([{ subscribed: false }, { subscribed: false }]);
});

test('values that a template cannot hold are counted by the plan, for every recipient', async () => {
  const numbers = Array.from({ length: 6 }, phone);
  await addContact(world.db, { channel: 'wa', socialId: numbers[5]!, name: '五     格' });
  const values = ['好', '"兩\n行"', '"有\t格"', '五     格', '"尾\n"'];
  const lines = values.map((value, n) => `${numbers[n]},${value}`);
  const message = TEMPLATE('{{name}}');
  const plan = await planOf(lines, { channel: 'wa', header: '手機,name', message });
  expect(plan.rejected).toEqual({ parameter_format: 3 });
  expect(plan.warnings.join()).toMatch(/3 recipients have a value with a line break/);
  const bodies = await send(plan.digest);
  expect(bodies.length).toBe(2);

  const own = await planOf([numbers[5]!], {
    channel: 'wa',
    header: '手機',
    message: TEMPLATE('{{contact.display_name}}'),
  });
  expect(own.rejected).toEqual({ parameter_format: 1 });
});

test('a recipient is tried more often than a small number can count', async () => {
  const address = phone();
  const plan = await planOf([address], { channel: 'wa', header: '手機', message: TEMPLATE('count') });
  await world.db.query('update broadcast_ledger set attempts = 40000 where broadcast_id = $1', [plan.broadcastId]);
  await send(plan.digest);
  expect(await recipientsOf(world.db, plan.broadcastId)).toEqual([`0 ${address} accepted`]);
});
