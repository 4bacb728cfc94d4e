// Erasing a person: what goes, what stays, and that nothing brings them back.
import { describe, expect, test } from 'vitest';
import type { Database } from '../../ports/database.ts';
import { eraseContact } from '../../pipelines/contacts/erase.ts';
import { checkAddress } from '../../pipelines/suppressions/suppression-store.ts';
import { writeEvent } from '../../pipelines/tags/write-events.ts';
import { lineId, TEST_KEY } from '../import-harness.ts';
import { event, importTagFile, singleEvents, tagWorld } from '../tag-harness.ts';

const world = tagWorld();
const { put, off, names } = singleEvents(world);

describe('erasure', () => {
  test('everything about a person goes; a hash, and a note for the answers it changes, stay', async () => {
    await put(1, 'VIP', '2024-03-01T01:30:00Z');
    await put(1, 'VIP', '2024-03-01T01:40:00Z');
    await writeEvent(world.db, { ...event(1, 'applied', 'a', '2024-04-01T00:00:00Z'), messageId: 'm' });
    await off(1, 'a', '2024-05-01T00:00:00Z');
    await put(2, 'VIP', '2024-03-01T01:30:00Z');
    await world.db.query(`insert into broadcast_recipients (broadcast_id, ordinal, contact_id, address, parameters)
      values (1, 0, 1, 'U1', '{Ann}'), (1, 1, 2, 'U2', '{Bob}')`);
    await world.db.query(
      `insert into import_before_images (import_id, contact_id, line, before, tags) values (1, 1, 2, '{}', '{}')`,
    );
    const social = lineId(1);
    expect(await eraseContact(world.db, TEST_KEY, '1', false)).toEqual({
      contactId: '1',
      channelId: 'line',
      events: 4,
      recipients: 1,
      suppressed: 1,
    });
    for (const table of ['contacts', 'contact_tags', 'contact_tag_removals', 'import_before_images'])
      expect(
        (await world.db.query(`select 1 from ${table} where ${table === 'contacts' ? 'id' : 'contact_id'} = 1`)).rows,
      ).toEqual([]);
    expect(await names()).toEqual(['2 VIP']);
    expect((await world.db.query('select * from tag_message_keys')).rows).toEqual([]);
    expect(
      (await world.db.query('select address, parameters from broadcast_recipients order by ordinal')).rows,
    ).toEqual([
      { address: null, parameters: null },
      { address: 'U2', parameters: ['Bob'] },
    ]);
    expect(
      (await world.db.query('select channel_id, contact_id, first_at, last_at, events from tag_erasures')).rows,
    ).toEqual([
      {
        // Until the lake and what was published are without the person.
        contact_id: '1',
        channel_id: 'line',
        first_at: new Date('2024-03-01T01:30:00Z'),
        last_at: new Date('2024-04-01T00:00:00Z'),
        events: '3',
      },
    ]);
    const reading = { defaultCountry: 'TW', psid: false };
    expect(await checkAddress(world.db, TEST_KEY, 'line', social, reading)).toMatchObject({
      suppressed: true,
      matches: [{ channel: 'line', reason: 'erased', source: 'erasure' }],
    });
    expect(await checkAddress(world.db, TEST_KEY, 'line', '1@example.com', reading)).toMatchObject({
      suppressed: false,
    });
    await expect(eraseContact(world.db, TEST_KEY, '1', false)).rejects.toMatchObject({ code: 'contact_unknown' });
    // An import does not bring the person back.
    const file = await world.file('back.csv', `LINE UID,name\n${social},Ann\n`);
    expect((await world.run({ file, channel: 'line' })).outcomes).toMatchObject({ suppressed: 1 });
    const events = await world.file('events.csv', `uid,tag,time\n${social},VIP,2024-01-01\n`);
    expect((await importTagFile(world.deps, { file: events, channel: 'line' })).outcomes).toMatchObject({
      unmatched: 1,
    });
  });

  test('an opt-out holds for every address of the person, and --suppress asks for that', async () => {
    const reading = { defaultCountry: 'TW', psid: false };
    await world.db.query('update contacts set subscribed = false where id = 2');
    expect(await eraseContact(world.db, TEST_KEY, '2', false)).toMatchObject({ suppressed: 3, events: 0 });
    expect(await checkAddress(world.db, TEST_KEY, 'line', '2@example.com', reading)).toMatchObject({
      suppressed: true,
    });
    expect(await eraseContact(world.db, TEST_KEY, '3', true)).toMatchObject({ suppressed: 3 });
    expect((await world.db.query('select 1 from tag_erasures')).rows).toEqual([]);
  });

  test('a contact erased between resolve and apply is unmatched, and nothing of it is written', async () => {
    const file = await world.file(
      'gone.csv',
      `uid,tag,time\n${lineId(1)},VIP,2024-01-01\n${lineId(2)},VIP,2024-01-01\n`,
    );
    const result = await importTagFile(
      {
        ...world.deps,
        db: {
          ...world.db,
          query: eraseBefore(/ensure_tag_months/, () => eraseContact(world.db, TEST_KEY, '1', false)),
        },
      },
      { file, channel: 'line' },
    );
    expect(result.outcomes).toMatchObject({ added: 1, unmatched: 1 });
    expect(await names()).toEqual(['2 VIP']);
  });

  /** The database's `query`, with something that happens once, before the first statement like that. */
  function eraseBefore(statement: RegExp, happens: () => Promise<unknown>): Database['query'] {
    let happened = false;
    return async (text, values, prepareAs) => {
      if (!happened && statement.test(text)) {
        happened = true;
        await happens();
      }
      return world.db.query(text, values, prepareAs);
    };
  }
});
