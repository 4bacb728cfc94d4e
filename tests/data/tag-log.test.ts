// The tag log and its writers beside the import: single events, retractions, validity; the tags are always what the log says.
import fc from 'fast-check';
import pg from 'pg';
import { describe, expect, test } from 'vitest';
import { expireTags } from '../../pipelines/tags/expire.ts';
import { findContact } from '../../pipelines/tags/contact-ref.ts';
import { listTags, tagsOfContact } from '../../pipelines/tags/tag-query.ts';
import { setValidity } from '../../pipelines/tags/validity.ts';
import { retractEvents, retractImport, writeEvent } from '../../pipelines/tags/write-events.ts';
import { finishImport, lineId } from '../import-harness.ts';
import {
  control,
  emptyTagWorld,
  event,
  importTagFile,
  logLines,
  registerTagFile,
  singleEvents,
  tagsByLog,
  tagsNow,
  tagWorld,
} from '../tag-harness.ts';

const world = tagWorld();

const { put, off, names } = singleEvents(world);

describe('single events', () => {
  test('put on and taken off, once each; a late event changes the log and not the tag', async () => {
    expect(await put(1, 'VIP', '2024-03-01T00:00:00Z')).toMatchObject({ known: false });
    expect(await put(1, 'VIP', '2024-03-01T00:00:00Z')).toMatchObject({ known: true });
    expect(await names()).toEqual(['1 VIP']);
    await off(1, 'VIP', '2024-03-03T00:00:00Z');
    expect(await names()).toEqual([]);
    await put(1, 'VIP', '2024-03-02T00:00:00Z');
    // At the very instant of the removal it stays off.
    await put(1, 'VIP', '2024-03-03T00:00:00Z');
    expect(await names()).toEqual([]);
    await put(1, 'VIP', null);
    expect(await names()).toEqual(['1 VIP']);
    expect(await logLines(world.db)).toHaveLength(5);
  });

  test('a message counts once', async () => {
    const first = await writeEvent(world.db, { ...event(1, 'applied', 'a', '2024-01-01T00:00:00Z'), messageId: 'm1' });
    const second = await writeEvent(world.db, { ...event(1, 'applied', 'a', null), messageId: 'm1' });
    expect(second).toEqual({ ...first, known: true });
  });

  test('a contact by its id or its address; unknown ones are refused without repeating the address', async () => {
    expect(await findContact(world.db, '3')).toEqual({ contactId: '3', channelId: 'line' });
    expect(await findContact(world.db, `line:${lineId(3)}`)).toEqual({ contactId: '3', channelId: 'line' });
    const error: unknown = await findContact(world.db, 'line:Usecret').catch((failure: unknown) => failure);
    expect(error).toMatchObject({ code: 'contact_unknown' });
    expect(String(error)).not.toContain('secret');
    await expect(put(99, 'a', null)).rejects.toMatchObject({ code: 'contact_unknown' });
  });
});

describe('retractions', () => {
  test('an event is retracted once; the tag is as if it had never been; written again it counts again', async () => {
    const first = await put(1, 'VIP', '2024-03-01T00:00:00Z');
    const removal = await off(1, 'VIP', '2024-03-02T00:00:00Z');
    expect(await retractEvents(world.db, [removal.eventId])).toBe(1);
    expect(await names()).toEqual(['1 VIP']);
    expect(await retractEvents(world.db, [removal.eventId, first.eventId])).toBe(1);
    expect(await names()).toEqual([]);
    expect((await world.db.query('select * from contact_tag_removals')).rows).toEqual([]);
    const again = await put(1, 'VIP', '2024-03-01T00:00:00Z');
    expect(again).toMatchObject({ known: false });
    expect(await put(1, 'VIP', '2024-03-01T00:00:00Z')).toEqual({ ...again, known: true });
    expect(await names()).toEqual(['1 VIP']);
    const { rows } = await world.db.query(
      `select e.contact_id = r.contact_id and e.tag = r.tag and e.occurred_at = r.occurred_at as same
       from tag_events r join tag_events e on e.id = r.retracts`,
    );
    expect(rows).toEqual([{ same: true }, { same: true }]);
    await expect(retractEvents(world.db, [first.eventId, '999999'])).rejects.toMatchObject({ code: 'event_unknown' });
  });

  test('a whole import, in slices, again and again; the same file then counts again, also by message id', async () => {
    const lines = Array.from(
      { length: 60 },
      (_, n) =>
        `${lineId((n % 9) + 1)},t${n % 4},2024-0${(n % 3) + 1}-01,${n % 2 ? `m${n}` : ''},${n % 7 ? '' : 'removed'}`,
    );
    const file = await world.file('events.csv', ['uid,tag,time,message id,kind', ...lines].join('\n'));
    const run = () => importTagFile({ ...world.deps, tagSliceLines: 13 }, { file, channel: 'line' });
    await put(1, 't0', '2023-01-01T00:00:00Z');
    const first = await run();
    expect(first.outcomes).toMatchObject({ added: 60 });
    for (let round = 0; round < 3; round += 1) {
      const { rows } = await world.db.query<{ id: string }>('select max(id) as id from imports');
      expect(await retractImport(world.db, rows[0]!.id, undefined, 7)).toBe(60);
      expect(await retractImport(world.db, rows[0]!.id, undefined, 7)).toBe(0);
      expect(await names()).toEqual(['1 t0']);
      const dry = await importTagFile(world.deps, { file, channel: 'line', dryRun: true });
      expect(dry.outcomes).toMatchObject({ added: 60, known: 0 });
      expect(await run()).toMatchObject({ recognised: false, outcomes: { added: 60, known: 0 } });
      expect(await tagsNow(world.db)).toEqual(await tagsByLog(world.db));
      expect(await importTagFile(world.deps, { file, channel: 'line', again: true })).toMatchObject({
        outcomes: { added: 0, known: 60 },
      });
      // The newest import is again the one whose events are in the log.
      for (const [table, column] of [
        ['import_lines', 'import_id'],
        ['import_slices', 'import_id'],
        ['imports', 'id'],
      ])
        await world.db.query(`delete from ${table} where ${column} = (select max(id) from imports)`);
    }
    await expect(retractImport(world.db, '424242')).rejects.toMatchObject({ code: 'import_unknown' });
  });

  test('an import is retracted in pages of events, however few its contacts are', async () => {
    const lines = Array.from({ length: 90 }, (_, n) => `${lineId((n % 3) + 1)},t,${1_700_000_000 + n}`);
    const file = await world.file('few.csv', ['uid,tag,time', ...lines].join('\n'));
    const { importId } = await importTagFile(world.deps, { file, channel: 'line' });
    const pages: number[] = [];
    expect(await retractImport(world.db, importId, (done) => pages.push(done), 40)).toBe(90);
    expect(pages).toEqual([30, 60, 90]);
    expect(await names()).toEqual([]);
  });

  test('the tags that an import of contacts put on are taken back too', async () => {
    const file = await world.file('people.csv', `LINE UID,標籤\n${lineId(1)},"VIP,new"\n${lineId(2)},VIP\n`);
    await put(2, 'VIP', '2023-01-01T00:00:00Z');
    const { importId } = await world.run({ file, channel: 'line' });
    expect(await names()).toEqual(['1 VIP', '1 new', '2 VIP']);
    expect(await retractImport(world.db, importId)).toBe(2);
    expect(await names()).toEqual(['2 VIP']);
    expect(await tagsNow(world.db)).toEqual(await tagsByLog(world.db));
  });

  test('an import that runs cannot be retracted', async () => {
    const file = await world.file('runs.csv', `uid,tag,time\n${lineId(1)},t,2024-01-01\n`);
    const { importId } = await registerTagFile(world.deps, { file, channel: 'line' });
    await expect(retractImport(world.db, importId)).rejects.toMatchObject({ code: 'import_running' });
  });
});

test('an import of contacts leaves alone what happened to tags since it began', async () => {
  await put(1, 'old', '2023-01-01T00:00:00Z');
  const file = await world.file('long.csv', `LINE UID,標籤\n${lineId(1)},new\n${lineId(2)},"VIP,new"\n`);
  const ref = await world.register({ file, channel: 'line', tags: 'replace' });
  await put(1, 'since', null);
  await put(2, 'VIP', null);
  await off(2, 'VIP', null);
  await finishImport(world.deps, ref, false);
  expect(await names()).toEqual(['1 new', '1 since', '2 new']);
  expect(await tagsNow(world.db)).toEqual(await tagsByLog(world.db));
});

describe('validity', () => {
  const expiry = async () =>
    (
      await world.db.query<{ at: Date | null }>('select expires_at as at from contact_tags order by contact_id')
    ).rows.map(({ at }) => at?.toISOString() ?? null);

  test('a tag runs out at 23:59 of the due day, whenever the job runs, and starts anew when put on again', async () => {
    await put(1, 'trial', '2024-02-28T20:00:00Z');
    expect(await setValidity(world.db, 'line', 'trial', 1)).toEqual({ contacts: 1 });
    // Put on on 29 February in Taipei; due on 1 March.
    expect(await expiry()).toEqual(['2024-03-01T15:59:00.000Z']);
    await put(1, 'trial', '2024-03-01T10:00:00Z');
    expect(await expiry()).toEqual(['2024-03-02T15:59:00.000Z']);
    await put(2, 'trial', '2099-01-01T00:00:00Z');
    expect(await expireTags(world.db, 1, control)).toMatchObject({ expired: 1 });
    expect(await expireTags(world.db, 1, control)).toMatchObject({ expired: 0 });
    expect(await names()).toEqual(['2 trial']);
    expect((await logLines(world.db)).filter((line) => line.startsWith('expired'))).toEqual([
      'expired trial 2024-03-02T15:59:00.000000Z validity',
    ]);
    await put(1, 'trial', '2024-03-02T00:00:00Z');
    expect(await names()).toEqual(['2 trial']);
    await put(1, 'trial', '2024-03-05T00:00:00Z');
    expect(await names()).toEqual(['1 trial', '2 trial']);
    expect(await setValidity(world.db, 'line', 'trial', null)).toEqual({ contacts: 2 });
    expect(await expiry()).toEqual([null, null]);
    expect(await listTags(world.db, 'line')).toEqual([
      { channelId: 'line', tag: 'trial', contacts: 2, validDays: null },
    ]);
  });

  test('an expiry that was retracted puts the tag on again, and then it runs out anew', async () => {
    await put(1, 'trial', '2024-02-28T20:00:00Z');
    await setValidity(world.db, 'line', 'trial', 1);
    for (let round = 1; round <= 3; round += 1) {
      expect(await expireTags(world.db, 10, control)).toMatchObject({ expired: 1 });
      expect(await tagsNow(world.db)).toEqual([]);
      expect(await tagsByLog(world.db)).toEqual([]);
      const { rows } = await world.db.query<{ id: string }>(
        `select max(id) as id from tag_events where kind = 'expired'`,
      );
      expect(await retractEvents(world.db, [rows[0]!.id])).toBe(1);
      expect(await names()).toEqual(['1 trial']);
    }
    expect((await logLines(world.db)).filter((line) => line.startsWith('expired'))).toEqual(
      Array(3).fill('expired trial 2024-03-01T15:59:00.000000Z validity'),
    );
  });

  test('a validity that changes while somebody puts the tag on holds for that contact too', async () => {
    const writer = new pg.Client({ connectionString: world.databaseUrl });
    await writer.connect();
    await world.db.query(`select ensure_tag_months('2024-01-01', '2024-01-01')`);
    await writer.query(`begin;
      insert into tag_events (channel_id, contact_id, kind, tag, occurred_at, source, event_key)
      values ('line', 1, 'applied', 'trial', '2024-01-01T00:00Z', 'test', gen_random_uuid());
      insert into contact_tags (contact_id, tag, applied_at) values (1, 'trial', '2024-01-01T00:00Z')`);
    const changing = setValidity(world.db, 'line', 'trial', 1);
    await new Promise((resolve) => setTimeout(resolve, 200));
    await writer.query('commit');
    await writer.end();
    expect(await changing).toEqual({ contacts: 1 });
    expect(await expiry()).toEqual(['2024-01-02T15:59:00.000Z']);
  });

  test('many run out in batches; an import gives its tags their end; a contact that is being worked on is left', async () => {
    await setValidity(world.db, 'line', 'trial', 30);
    const lines = Array.from({ length: 9 }, (_, n) => `${lineId(n + 1)},trial,2024-01-0${n + 1}`);
    const file = await world.file('trial.csv', ['uid,tag,time', ...lines].join('\n'));
    await importTagFile(world.deps, { file, channel: 'line' });
    expect((await expiry())[0]).toBe('2024-01-31T15:59:00.000Z');
    const other = new pg.Client({ connectionString: world.databaseUrl });
    await other.connect();
    await other.query('begin; select from contacts where id = 4 for update');
    expect(await expireTags(world.db, 3, control)).toMatchObject({ expired: 8 });
    await other.query('rollback');
    await other.end();
    expect(await expireTags(world.db, 3, control)).toMatchObject({ expired: 1 });
    expect(await tagsNow(world.db)).toEqual([]);
    expect(await tagsByLog(world.db)).toEqual([]);
    const { events } = await tagsOfContact(world.db, { contactId: '4', channelId: 'line' }, 1);
    expect(events).toMatchObject([{ kind: 'expired', source: 'validity', retracted: false }]);
  });
});

test('whatever happens in whatever order, the tags are what the log says', async () => {
  const step = fc.record({
    contact: fc.integer({ min: 1, max: 3 }),
    tag: fc.constantFrom('a', 'b'),
    day: fc.integer({ min: 1, max: 6 }),
    what: fc.constantFrom('applied', 'removed', 'retract', 'import', 'expire', 'validity'),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 3, maxLength: 14 }), async (steps) => {
      await emptyTagWorld(world.db);
      for (const { contact, tag, day, what } of steps) {
        const at = `2024-01-0${day}T00:00:00Z`;
        if (what === 'applied' || what === 'removed') await writeEvent(world.db, event(contact, what, tag, at));
        else if (what === 'validity') await setValidity(world.db, 'line', tag, day % 2 ? day : null);
        else if (what === 'expire') await expireTags(world.db, 2, control);
        else if (what === 'retract') {
          const { rows } = await world.db.query<{ id: string }>(
            `select id from tag_events where kind <> 'retracted' order by md5(id::text || $1) limit 1`,
            [day],
          );
          if (rows[0]) await retractEvents(world.db, [rows[0].id]);
        } else {
          const lines = [0, 1, 2].map(
            (n) =>
              `${lineId(((contact + n) % 3) + 1)},${tag},2024-01-0${((day + 2 * n) % 6) + 1},${n === 1 ? 'removed' : ''}`,
          );
          const file = await world.file('p.csv', ['uid,tag,time,kind', ...lines].join('\n'));
          await importTagFile({ ...world.deps, tagSliceLines: 2 }, { file, channel: 'line', again: true });
        }
        expect((await tagsNow(world.db)).map((line) => line.split(' until')[0])).toEqual(await tagsByLog(world.db));
      }
    }),
    { numRuns: 25 },
  );
});
